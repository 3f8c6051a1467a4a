/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/lint-text.h"

/* Tokens that their makers gave a mark of their own, so that little else looks like them. Each
 * pattern asks for the whole length: names of variables and examples cut short are none. */
const LintToken lint_tokens[] = {
    /* PEM and OpenSSH, also in JSON, where a line end is written "\n". */
    { "PRIVATE KEY",
      "-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
      "(?:\\\\[rn]|[\\s\"'+])*+(?:[A-Za-z-]{1,40}: [^\\n]*\\n\\s*+)*+[A-Za-z0-9+/=]{16}",
      "a private key" },
    { "PuTTY-User-Key-File-", "^PuTTY-User-Key-File-[23]: ", "a private key" },
    { "AGE-SECRET-KEY-1", "\\bAGE-SECRET-KEY-1[0-9A-Z]{58}\\b", "a private key" },
    { "secret key", "^untrusted comment: [^\\n]*secret key", "a signing key" },
    { NULL, "\\b(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{12}(?!EXAMPLE|MPLE\\b)[0-9A-Z]{4}\\b",
      "a cloud access key" },
    { "AIza", "\\bAIza[0-9A-Za-z_-]{35}\\b", "a cloud access key" },
    { "GOCSPX-", "\\bGOCSPX-[0-9A-Za-z_-]{28}\\b", "a client secret" },
    { "AccountKey=", "\\bAccountKey=[A-Za-z0-9+/]{86}==", "a storage account's key" },
    { "Q~", "\\b[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}", "a client secret" },
    { "_v1_", "\\bdo[opr]_v1_[0-9a-f]{64}\\b", "a cloud access key" },
    { NULL, "\\bgh[pousr]_[A-Za-z0-9]{36}", "an access token" },
    { "github_pat_", "\\bgithub_pat_[A-Za-z0-9_]{82}", "an access token" },
    { NULL, "\\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas)-[A-Za-z0-9_-]{20}",
      "an access token" },
    { "npm_", "\\bnpm_[A-Za-z0-9]{36}\\b", "a package registry's token" },
    { "pypi-AgEIcHlwaS5vcmc", "\\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50}",
      "a package registry's token" },
    { "dckr_", "\\bdckr_[po]at_[A-Za-z0-9_-]{27}", "a container registry's token" },
    { "\"auth\"", "\"auth\"\\s*:\\s*\"[A-Za-z0-9+/]{12,}={0,2}\"",
      "a container registry's password" },
    { "hv", "\\bhv[sbr]\\.[A-Za-z0-9_-]{90}", "a vault's token" },
    { ".atlasv1.", "\\b[A-Za-z0-9]{14}\\.atlasv1\\.[A-Za-z0-9_-]{60}", "an access token" },
    { "xox", "\\bxox[abeoprs]-[0-9]{8,}-[0-9A-Za-z-]{16}", "a chat service's token" },
    { "hooks.slack.com",
      "\\bhooks\\.slack\\.com/services/T[0-9A-Z]{8,}/B[0-9A-Z]{8,}/[0-9A-Za-z]{20}",
      "a chat service's token" },
    { ":AA", "\\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\\b", "a chat service's token" },
    { "k_live_", "\\b[sr]k_live_[0-9a-zA-Z]{24}", "a payment service's key" },
    { "SG.", "\\bSG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}\\b", "a mail service's key" },
    { NULL, "\\bgl(?:sa|c)_[A-Za-z0-9]{32}_[0-9a-f]{8}\\b", "an access token" },
    { "sk-", "\\bsk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{40}", "a service's key" },
    { ".eyJ", "\\beyJ[A-Za-z0-9_-]{15,}\\.eyJ[A-Za-z0-9_-]{15,}\\.[A-Za-z0-9_-]{20,}",
      "a signed token (JWT)" },
    { NULL, NULL, NULL },
};
