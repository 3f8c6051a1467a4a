# SPDX-License-Identifier: Apache-2.0
# Copyright The handcarry authors
"""The page that report writes, in a real browser: nothing is asked for, nothing runs, cameras read
its codes, people can read it, and it prints on two pages."""
import re
import shutil
import subprocess
import zlib

import pytest

import browser
import reports
from engines.images import Image, Layer
from engines.release import Release
from reports import run

pytestmark = pytest.mark.skipif(browser.PROGRAM is None, reason="chromium is not installed")

# Ratio of contrast of every text with what is behind it, as the WCAG count it; the lowest ten.
CONTRAST = """(() => {
  const part = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const colour = text => text.match(/[\\d.]+/g).map(Number);
  const light = c => 0.2126 * part(c[0]) + 0.7152 * part(c[1]) + 0.0722 * part(c[2]);
  const behind = e => { for (; e; e = e.parentElement) {
    const c = colour(getComputedStyle(e).backgroundColor);
    if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
  const found = [];
  for (const e of document.body.querySelectorAll('*')) {
    if (e.closest('svg') || ![...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) continue;
    const [a, b] = [light(colour(getComputedStyle(e).color)), light(behind(e))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), e.tagName + '.' + e.className, e.textContent.slice(0, 30)]);
  }
  return found.sort((x, y) => x[0] - y[0]).slice(0, 10);
})()"""
ACCESSIBLE = """({
  lang: document.documentElement.lang, title: document.title,
  headings: [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => Number(h.tagName[1])),
  landmarks: ['header', 'main', 'footer'].map(n => document.querySelectorAll('body > ' + n).length),
  unscoped: [...document.querySelectorAll('th:not([scope])')].map(t => t.outerHTML),
  rowless: [...document.querySelectorAll('tbody tr')].filter(r => !r.querySelector('th')).length,
  nameless: [...document.querySelectorAll('section')].filter(s => !document.getElementById(
    s.getAttribute('aria-labelledby'))).length,
  pictures: [...document.querySelectorAll('svg')].filter(s => s.getAttribute('aria-hidden') != 'true')
    .map(s => document.getElementById(s.getAttribute('aria-labelledby')).textContent),
  ids: [...document.querySelectorAll('[id]')].map(e => e.id),
})"""
KINDS = "[...new Set([...document.querySelectorAll('*')].map(e => e.localName))].sort()"
ATTRIBUTES = ("[...new Set([...document.querySelectorAll('*')].flatMap("
              "e => e.getAttributeNames()))].sort()")


@pytest.fixture(name="chromium", scope="module")
def start_browser():
    started = browser.Browser()
    yield started
    started.close()


@pytest.fixture(name="example", scope="module")
def make_example():
    made = reports.example()
    made.page = made.report(made.delta, "--base", made.old, "--trust", made.trust, name="page.html")
    return made


def pixels(png):
    """What the image data of a PNG unpacks to."""
    data, at = b"", 8
    while at < len(png):
        size = int.from_bytes(png[at:at + 4], "big")
        if png[at + 4:at + 8] == b"IDAT":
            data += png[at + 8:at + 8 + size]
        at += size + 12
    return zlib.decompress(data)


def pages(pdf, tmp_path):
    """How many pages it has, and the text on them."""
    path = tmp_path / "page.pdf"
    path.write_bytes(pdf)
    said = subprocess.run(["pdfinfo", path], stdout=subprocess.PIPE, text=True, check=True).stdout
    text = subprocess.run(["pdftotext", "-layout", path, "-"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    assert re.search(r"^Page size: .*A4", said, re.M)
    return int(re.search(r"^Pages: +(\d+)$", said, re.M)[1]), text


def test_nothing_is_asked_for_and_nothing_complained_of(chromium, example):
    with chromium.open(example.page) as page:
        assert page.requests() == []
        assert page.complaints() == []
        kinds = page.evaluate(KINDS)
        assert not {"script", "iframe", "object", "embed", "img", "form", "a", "base"} & set(kinds)
        assert page.evaluate("document.title") == "plant-hmi 1.5.1, release 43: report"


def test_cameras_read_both_codes(chromium, example, tmp_path):
    for tool in ("zbarimg", "sha256sum"):
        if shutil.which(tool) is None:
            pytest.skip(tool + " is not installed")
    summed = subprocess.run(["sha256sum", example.delta], stdout=subprocess.PIPE, text=True,
                            check=True).stdout.split()[0]
    release = re.search(r"sha256:\w{64}", run("show", example.delta))[0]
    for dark in (False, True):
        with chromium.open(example.page, dark=dark) as page:
            shot = page.screenshot()
        assert len(set(pixels(shot))) > 50, "a blank page"
        (tmp_path / "page.png").write_bytes(shot)
        read = subprocess.run(["zbarimg", "--raw", "--quiet", tmp_path / "page.png"],
                              stdout=subprocess.PIPE, text=True, check=True).stdout
        assert set(read.split()) == {release, "sha256:" + summed}


def test_it_looks_the_same_without_scripts(chromium, example):
    shots = []
    for scripts in (True, False):
        with chromium.open(example.page, scripts=scripts) as page:
            shots.append(page.screenshot())
    assert shots[0] == shots[1]


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_can_be_read(chromium, example, dark):
    with chromium.open(example.page, dark=dark) as page:
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        worst = page.evaluate(CONTRAST)
    assert (background == "rgb(255, 255, 255)") is not dark
    assert worst[0][0] >= 4.5, worst


def test_what_is_read_aloud(chromium, example):
    with chromium.open(example.page) as page:
        found = page.evaluate(ACCESSIBLE)
    headings = found["headings"]
    assert found["lang"] == "en" and found["landmarks"] == [1, 1, 1]
    assert headings[0] == 1 and headings.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(headings, headings[1:]))
    assert (found["unscoped"], found["rowless"], found["nameless"]) == ([], 0, 0)
    assert [text.split(":")[0] for text in found["pictures"]] == ["QR code", "QR code"]
    assert len(set(found["ids"])) == len(found["ids"])


@pytest.mark.parametrize("width", [360, 1000, 1280])
def test_no_page_is_wider_than_the_window(chromium, example, width):
    with chromium.open(example.page, width=width) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_example_prints_on_two_pages(chromium, example, tmp_path):
    with chromium.open(example.page, dark=True) as page:
        count, text = pages(page.paper(), tmp_path)
    assert count == 2
    digest = re.search(r"sha256:(\w{64})", run("show", example.delta))[1]
    assert text.count("Release digest " + digest) == 2  # at the foot of each
    assert "Page 1 of 2" in text and "Page 2 of 2" in text
    for words in ("SIGNATURES COMPLETE", "-limit = 20", "+limit = 5", "package-0", "Signed by hand",
                  "public_name", "playbooks/site.yml"):
        assert words in text
    assert re.search(r"Statement: what the release is, [0-9.]+ kB: not on this paper", text)


def test_what_is_open_on_screen_is_printed(chromium, example, tmp_path):
    with chromium.open(example.page) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        count, text = pages(page.paper(), tmp_path)
    assert count > 2
    assert "handcarry-statement: 1" in text and "handcarry-packing: 1" in text


HOSTILE = ("<script>document.title='owned'</script><img src=x onerror=document.title='owned'>"
           "\" onload=\"document.title='owned'\" '&lt;&amp;</pre></td></style>\u202etxt.exe\u2066\u200b"
           + "a" + "\u0301" * 40 + "]]>-->")


@pytest.fixture(name="hostile", scope="module")
def make_hostile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile")
    bundles = []
    for number in (1, 2):
        release = Release(folder / str(number), [Image("plant-hmi/x:1", [Layer().file("a", b"b")])])
        release.fields.update(product="hostile", release=number, version="1.%d" % number)
        release.values = [{"name": "a", "description": HOSTILE, "default": HOSTILE}]
        name = HOSTILE.replace("/", "")[:110]
        release.playbooks.append({"path": "playbooks/%s.yml" % name, "run": "remove"})
        release.put("playbooks/%s.yml" % name, "- hosts: all\n")
        release.configs[1]["to"] = "/etc/%s" % name
        release.health = [{"command": ["sh", "-c", HOSTILE], "within": "5s"}]
        yaml = release.write()
        release.put("configs/plain.conf", b"%d\n\x1b[2J\xff\r %s\n" % (number, HOSTILE.encode()))
        release.put("configs/server.conf", HOSTILE.replace("{", "") + "\n%d\n" % number)
        path = folder / ("%d'\"><script>alert(1)<!--.tar.zst" % number)
        run("bundle", yaml, "-o", path)
        bundles.append(path)
    page = folder / "report.html"
    run("report", bundles[1], "--base", bundles[0], "-o", page)
    return page


def test_hostile_texts_are_texts(chromium, hostile, tmp_path):
    with chromium.open(hostile) as page:
        assert page.requests() == []
        assert page.complaints() == []
        assert page.evaluate("document.title") == "hostile 1.2, release 2: report"
        kinds = page.evaluate(KINDS)
        shown = page.evaluate("document.body.textContent")
        attributes = page.evaluate(ATTRIBUTES)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        count, _ = pages(page.paper(), tmp_path)
    assert not {"script", "img"} & set(kinds)
    assert not [name for name in attributes if name.startswith("on")]
    assert "<script>document.title='owned'</script><img src=x" in shown
    assert "\\u{202e}txt.exe\\u{2066}\\u{200b}" in shown and "\\x1b[2J" in shown
    assert not set("\u202e\u2066\u200b\x1b\0") & set(shown)
    assert "\u0301" * 4 not in shown
    assert "NOT VERIFIED" in shown
    assert count <= 4
