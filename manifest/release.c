/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/release.h"

#include "manifest/error.h"
#include "manifest/moment.h"
#include "manifest/path.h"
#include "manifest/release-internal.h"
#include "manifest/uri.h"

#include <string.h>

#define RELEASE_FORMAT "1"
#define ANSIBLE_BUNDLED "bundled"
#define DEFAULT_PLATFORM "linux/amd64"

static void
value_free (gpointer data)
{
    ReleaseValue *value = data;

    g_free (value->name);
    g_free (value->description);
    g_free (value->fallback);
    g_free (value);
}

static void
image_free (gpointer data)
{
    ReleaseImage *image = data;

    g_free (image->name);
    g_free (image->from);
    g_free (image->sbom);
    g_free (image);
}

static void
playbook_free (gpointer data)
{
    ReleasePlaybook *playbook = data;

    g_free (playbook->path);
    g_free (playbook->inventory);
    g_free (playbook);
}

static void
compose_file_free (gpointer data)
{
    ReleaseCompose *compose = data;

    g_free (compose->path);
    g_free (compose);
}

static void
config_free (gpointer data)
{
    ReleaseConfig *config = data;

    g_free (config->from);
    g_free (config->to);
    g_free (config->owner);
    g_free (config);
}

static void
files_free (gpointer data)
{
    ReleaseFiles *files = data;

    g_free (files->from);
    g_free (files->to);
    g_free (files);
}

static void
health_free (gpointer data)
{
    ReleaseHealth *health = data;

    g_free (health->target);
    g_strfreev (health->command);
    g_free (health);
}

Release *
release_new (const char *file)
{
    Release *release = g_new0 (Release, 1);

    release->file = g_strdup (file);
    release->values = g_ptr_array_new_with_free_func (value_free);
    release->images = g_ptr_array_new_with_free_func (image_free);
    release->playbooks = g_ptr_array_new_with_free_func (playbook_free);
    release->compose = g_ptr_array_new_with_free_func (compose_file_free);
    release->configs = g_ptr_array_new_with_free_func (config_free);
    release->files = g_ptr_array_new_with_free_func (files_free);
    release->health = g_ptr_array_new_with_free_func (health_free);
    return release;
}

static void
free_lists (Release *release)
{
    g_clear_pointer (&release->values, g_ptr_array_unref);
    g_clear_pointer (&release->images, g_ptr_array_unref);
    g_clear_pointer (&release->playbooks, g_ptr_array_unref);
    g_clear_pointer (&release->compose, g_ptr_array_unref);
    g_clear_pointer (&release->configs, g_ptr_array_unref);
    g_clear_pointer (&release->files, g_ptr_array_unref);
    g_clear_pointer (&release->health, g_ptr_array_unref);
}

void
release_free (Release *release)
{
    if (release == NULL)
        return;
    free_lists (release);
    g_free (release->file);
    g_free (release->product);
    g_free (release->channel);
    g_free (release->version);
    g_strfreev (release->platforms);
    g_strfreev (release->sites);
    g_strfreev (release->hosts);
    g_free (release->requires_handcarry);
    g_free (release->requires_docker);
    g_free (release->requires_ansible);
    g_strfreev (release->requires_python);
    g_strfreev (release->volumes);
    g_free (release->source);
    g_free (release->issued);
    g_free (release->advise_until);
    g_free (release);
}

static void
read_format (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && strcmp (text, RELEASE_FORMAT) != 0) {
        g_autofree char *shown = error_quote (text);
        field_problem (reader, node,
                       "'%s' is not a release format this handcarry reads; it reads 1", shown);
    }
}

static void
read_release_number (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint64 number = G_MAXUINT64;

    field_number (reader, node, &number);
    if (number == 0)
        field_problem (reader, node, "release numbers begin at 1; 0 is what a host has before");
    else if (number != G_MAXUINT64)
        *(guint64 *)target = number;
}

static void
read_epoch (FieldReader *reader, const YamlNode *node, gpointer target)
{
    guint64 epoch = 0;

    field_number (reader, node, &epoch);
    if (epoch > G_MAXUINT32)
        field_problem (reader, node, "no trust root has such an epoch: at most %u", G_MAXUINT32);
    else
        *(guint64 *)target = epoch;
}

static void
read_source (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    g_autoptr (GError) error = NULL;

    if (text == NULL)
        return;
    if (uri_check (text, &error))
        *(char **)target = g_strdup (text);
    else
        field_problem (reader, node, "%s", error->message);
}

static void
read_time (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);
    g_autofree char *shown = NULL;
    gint64 seconds;

    if (text == NULL)
        return;
    if (moment_parse (text, &seconds)) {
        *(char **)target = g_strdup (text);
        return;
    }
    shown = error_quote (text);
    field_problem (reader, node, "'%s' is not a time in UTC such as 2026-11-22T08:30:00Z", shown);
}

static void
read_platforms (FieldReader *reader, const YamlNode *node, gpointer target)
{
    release_read_names (reader, node, target, "linux/[a-z0-9]+(/[a-z0-9]+)?",
                        "a platform such as linux/amd64 or linux/arm/v7");
    if (node->kind == YAML_NODE_LIST && node->values->len == 0)
        field_problem (reader, node, "the list of platforms is empty");
}

static void
read_sites (FieldReader *reader, const YamlNode *node, gpointer target)
{
    release_read_names (reader, node, target, "[A-Za-z0-9]+([._-][A-Za-z0-9]+)*",
                        "the name of a site (letters, digits, single '.', '_', '-' between)");
    if (node->kind == YAML_NODE_LIST && node->values->len == 0)
        field_problem (reader, node, "the list of sites is empty, so the release fits nowhere");
}

static void
read_hosts (FieldReader *reader, const YamlNode *node, gpointer target)
{
    release_read_names (reader, node, target, "[A-Za-z0-9]+([._-][A-Za-z0-9]+)*",
                        "the name of a host (letters, digits, single '.', '_', '-' between)");
    if (node->kind == YAML_NODE_LIST && node->values->len == 0)
        field_problem (reader, node, "the list of hosts is empty, so the release fits nowhere");
}

static void
read_for (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "sites", read_sites, G_STRUCT_OFFSET (Release, sites) },
        { "hosts", read_hosts, G_STRUCT_OFFSET (Release, hosts) },
        { NULL },
    };

    field_read_map (reader, node, fields, target);
}

static void
read_tool_version (FieldReader *reader, const YamlNode *node, gpointer target)
{
    const char *text = field_scalar (reader, node);

    if (text != NULL && release_check_pattern (reader, node, text, "[0-9]{1,9}(\\.[0-9]{1,9}){0,3}",
                                               "a version in digits and dots, such as 20.10"))
        *(char **)target = g_strdup (text);
}

static void
read_ansible_version (FieldReader *reader, const YamlNode *node, gpointer target)
{
    if (node->kind == YAML_NODE_SCALAR && strcmp (node->text, ANSIBLE_BUNDLED) == 0)
        *(char **)target = g_strdup (ANSIBLE_BUNDLED);
    else
        read_tool_version (reader, node, target);
}

gboolean
release_carries_ansible (const Release *release)
{
    return g_strcmp0 (release->requires_ansible, ANSIBLE_BUNDLED) == 0;
}

static void
read_python (FieldReader *reader, const YamlNode *node, gpointer target)
{
    release_read_names (reader, node, target, "[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*",
                        "the name of a Python module");
}

static void
read_requires (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "handcarry", read_tool_version, G_STRUCT_OFFSET (Release, requires_handcarry) },
        { "docker", read_tool_version, G_STRUCT_OFFSET (Release, requires_docker) },
        { "ansible-core", read_ansible_version, G_STRUCT_OFFSET (Release, requires_ansible) },
        { "python", read_python, G_STRUCT_OFFSET (Release, requires_python) },
        { NULL },
    };

    field_read_map (reader, node, fields, target);
}

static void
read_volumes (FieldReader *reader, const YamlNode *node, gpointer target)
{
    release_read_names (reader, node, target, "[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}",
                        "the name of a volume");
}

static void
read_data (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "volumes", read_volumes, G_STRUCT_OFFSET (Release, volumes) },
        { "upgrade-from", read_release_number, G_STRUCT_OFFSET (Release, upgrade_from) },
        { "rollback-to", read_release_number, G_STRUCT_OFFSET (Release, rollback_to) },
        { NULL },
    };

    field_read_map (reader, node, fields, target);
}

#define AT(member) G_STRUCT_OFFSET (Release, member)

/* The keys of the authored file, and those of the statement, which tells its type with a key of
 * its own and reads "images" and "tree" itself. */
static const Field release_fields[] = {
    { "handcarry", read_format, 0, FIELD_REQUIRED | FIELD_AUTHORED },
    { "handcarry-statement", field_ignore, 0, FIELD_REQUIRED | FIELD_SEALED },
    { "product", field_product, AT (product), FIELD_REQUIRED },
    { "channel", field_product, AT (channel), FIELD_REQUIRED_SEALED },
    { "version", field_version, AT (version), FIELD_REQUIRED_SEALED },
    { "release", read_release_number, AT (release), FIELD_REQUIRED_SEALED },
    { "epoch", read_epoch, AT (epoch) },
    { "source", read_source, AT (source), FIELD_AUTHORED },
    { "issued", read_time, AT (issued) },
    { "advise-until", read_time, AT (advise_until) },
    { "platforms", read_platforms, AT (platforms), FIELD_REQUIRED_SEALED },
    { "for", read_for },
    { "requires", read_requires },
    { "values", release_read_values, AT (values) },
    { "images", release_read_images, AT (images), FIELD_AUTHORED },
    { "images", field_ignore, 0, FIELD_REQUIRED | FIELD_SEALED },
    { "tree", field_ignore, 0, FIELD_REQUIRED | FIELD_SEALED },
    { "playbooks", release_read_playbooks, AT (playbooks) },
    { "compose", release_read_compose, AT (compose) },
    { "data", read_data },
    { "configs", release_read_configs, AT (configs) },
    { "files", release_read_files, AT (files) },
    { "health", release_read_health, AT (health) },
    { NULL },
};

static void
read_whole (FieldReader *reader, const YamlNode *map, Release *release)
{
    static const char *const platforms[] = { DEFAULT_PLATFORM, NULL };

    field_read_map (reader, map, release_fields, release);
    if (map->kind != YAML_NODE_MAP)
        return;
    if (release->channel == NULL && !reader->sealed)
        release->channel = g_strdup ("stable");
    if (release->platforms == NULL && !reader->sealed)
        release->platforms = g_strdupv ((char **)platforms);
    release_check_whole (reader, map, release);
}

/* ${version} in image names may stand before or after the key "version", so that one is looked at
 * first. */
static const char *
version_of (const YamlNode *map, const ReleaseOverrides *overrides)
{
    const YamlNode *node = field_find (map, "version");

    if (overrides != NULL && overrides->version != NULL)
        return overrides->version;
    return node != NULL && node->kind == YAML_NODE_SCALAR ? node->text : "";
}

static void
apply_overrides (FieldReader *reader, const YamlNode *map, Release *release,
                 const ReleaseOverrides *overrides)
{
    g_autoptr (GError) error = NULL;

    if (overrides != NULL && overrides->version != NULL) {
        if (!path_check_version (overrides->version, &error))
            field_problem (reader, NULL, "--version: %s", error->message);
        g_free (release->version);
        release->version = g_strdup (overrides->version);
    } else if (field_find (map, "version") == NULL) {
        field_problem (reader, map, "the key 'version' is missing, and --version is not given");
    }
    if (overrides != NULL && overrides->release != 0)
        release->release = overrides->release;
    else if (field_find (map, "release") == NULL)
        field_problem (reader, map, "the key 'release' is missing, and --release is not given");
    if (overrides != NULL && overrides->issued != NULL && release->issued == NULL)
        release->issued = g_strdup (overrides->issued);
}

/* Only a person can have mixed these up: what packs a release cannot. */
static void
check_data (FieldReader *reader, const YamlNode *map, const Release *release)
{
    const YamlNode *data = field_find (map, "data");

    if (release->release == 0)
        return;
    if (release->upgrade_from >= release->release)
        field_problem (reader, field_find (data, "upgrade-from"),
                       "release %" G_GUINT64_FORMAT " cannot follow release %" G_GUINT64_FORMAT
                       ": 'upgrade-from' is the oldest release that may be installed before",
                       release->release, release->upgrade_from);
    if (release->rollback_to > release->release)
        field_problem (reader, field_find (data, "rollback-to"),
                       "%" G_GUINT64_FORMAT " comes after this release, %" G_GUINT64_FORMAT
                       ": 'rollback-to' is the oldest one that can read what this one writes",
                       release->rollback_to, release->release);
}

/* It is needed before playbooks that run before the other images are loaded, and a host reads the
 * layers of a bundle in their order. */
static void
put_ansible_first (GPtrArray *images)
{
    for (guint i = 1; i < images->len; i++)
        if (((const ReleaseImage *)images->pdata[i])->ansible)
            g_ptr_array_insert (images, 0, g_ptr_array_steal_index (images, i));
}

Release *
release_parse_authored (GBytes *text, const char *name, const ReleaseOverrides *overrides,
                        GPtrArray *problems, GError **error)
{
    g_auto (FieldReader) reader = { 0 };
    g_autoptr (Release) release = release_new (name);
    g_autoptr (GError) syntax = NULL;
    g_autoptr (YamlNode) map = yaml_parse (text, name, &syntax);

    field_reader_init (&reader, name, FALSE);
    if (map == NULL) {
        if (problems != NULL)
            g_ptr_array_add (problems, g_strdup (syntax->message));
        g_propagate_error (error, g_steal_pointer (&syntax));
        return NULL;
    }
    reader.version = version_of (map, overrides);
    read_whole (&reader, map, release);
    if (map->kind == YAML_NODE_MAP) {
        apply_overrides (&reader, map, release, overrides);
        check_data (&reader, map, release);
    }
    if (!field_reader_finish (&reader, problems, error))
        return NULL;
    put_ansible_first (release->images);
    return g_steal_pointer (&release);
}

Release *
release_parse_sealed (const YamlNode *map, const char *name, GError **error)
{
    g_auto (FieldReader) reader = { 0 };
    g_autoptr (Release) release = release_new (name);

    field_reader_init (&reader, name, TRUE);
    read_whole (&reader, map, release);
    if (field_reader_finish (&reader, NULL, error))
        return g_steal_pointer (&release);
    /* trust.md 39: what is not understood here may be what a newer one brought. */
    if (release->requires_handcarry != NULL)
        fail_prefix (error, "this release asks for handcarry %s, and this is %s",
                     release->requires_handcarry, HANDCARRY_VERSION);
    return NULL;
}
