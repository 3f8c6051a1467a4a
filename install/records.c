/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/records.h"

#include "manifest/error.h"
#include "manifest/field.h"
#include "manifest/file.h"
#include "manifest/limits.h"
#include "manifest/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static void
product_free (gpointer data)
{
    RecordsProduct *product = data;

    g_free (product->product);
    g_free (product);
}

Records *
records_new (void)
{
    Records *records = g_new0 (Records, 1);

    records->products = g_ptr_array_new_with_free_func (product_free);
    return records;
}

void
records_free (Records *records)
{
    if (records == NULL)
        return;
    g_ptr_array_unref (records->products);
    g_free (records->note);
    g_free (records);
}

static RecordsProduct *
find (const Records *records, const char *product)
{
    for (guint i = 0; i < records->products->len; i++) {
        RecordsProduct *entry = records->products->pdata[i];

        if (strcmp (entry->product, product) == 0)
            return entry;
    }
    return NULL;
}

guint64
records_generation (const Records *records, const char *product)
{
    const RecordsProduct *entry = records != NULL ? find (records, product) : NULL;

    return entry != NULL ? entry->generation : 0;
}

void
records_set_generation (Records *records, const char *product, guint64 generation)
{
    RecordsProduct *entry = find (records, product);

    if (entry == NULL) {
        entry = g_new0 (RecordsProduct, 1);
        entry->product = g_strdup (product);
        g_ptr_array_add (records->products, entry);
    }
    entry->generation = generation;
}

static void
read_product (FieldReader *reader, const YamlNode *node, gpointer target)
{
    static const Field fields[] = {
        { "product", field_product, G_STRUCT_OFFSET (RecordsProduct, product), FIELD_REQUIRED },
        { "generation", field_number, G_STRUCT_OFFSET (RecordsProduct, generation),
          FIELD_REQUIRED },
        { NULL },
    };
    Records *records = target;
    RecordsProduct *product = g_new0 (RecordsProduct, 1);

    g_ptr_array_add (records->products, product);
    field_read_map (reader, node, fields, product);
}

static void
read_products (FieldReader *reader, const YamlNode *node, gpointer target)
{
    field_read_list (reader, node, LIMIT_HAVE_PRODUCTS, read_product, target);
}

Records *
records_parse (GBytes *text, const char *name, GError **error)
{
    static const Field fields[] = {
        { "handcarry-records", field_ignore, 0, FIELD_REQUIRED },
        { "generation", field_number, G_STRUCT_OFFSET (Records, generation), FIELD_REQUIRED },
        { "receipts", field_number, G_STRUCT_OFFSET (Records, receipts), FIELD_REQUIRED },
        { "head", field_digest, G_STRUCT_OFFSET (Records, head), FIELD_REQUIRED },
        { "products", read_products, 0, FIELD_REQUIRED },
        { NULL },
    };
    g_autoptr (YamlNode) node = NULL;
    g_autoptr (Records) records = records_new ();
    g_auto (FieldReader) reader = { 0 };

    if (!field_check_type_line (text, RECORDS_TYPE_LINE, name, error))
        return NULL;
    node = yaml_parse (text, name, error);
    if (node == NULL)
        return NULL;
    field_reader_init (&reader, name, TRUE);
    field_read_map (&reader, node, fields, records);
    return field_reader_finish (&reader, NULL, error) ? g_steal_pointer (&records) : NULL;
}

GBytes *
records_to_text (const Records *records)
{
    YamlWriter *writer = yaml_writer_new (RECORDS_TYPE_LINE);

    yaml_writer_number_pair (writer, "generation", records->generation);
    yaml_writer_number_pair (writer, "receipts", records->receipts);
    yaml_writer_digest_pair (writer, "head", &records->head);
    yaml_writer_key (writer, "products");
    yaml_writer_begin_list (writer);
    for (guint i = 0; i < records->products->len; i++) {
        const RecordsProduct *product = records->products->pdata[i];

        yaml_writer_begin_map (writer);
        yaml_writer_pair (writer, "product", product->product);
        yaml_writer_number_pair (writer, "generation", product->generation);
        yaml_writer_end_map (writer);
    }
    yaml_writer_end_list (writer);
    return yaml_writer_finish (writer);
}

static Records *
read_copies (int state_fd, GError **error)
{
    g_auto (Twice) twice = { 0 };
    Records *records;

    if (!twice_read (state_fd, RECORDS_NAME, &twice, error) || twice.text == NULL)
        return NULL;
    records = records_parse (twice.text, RECORDS_NAME ".yaml", error);
    if (records != NULL)
        records->note = g_steal_pointer (&twice.note);
    return records;
}

gboolean
records_read (int state_fd, Records **records, GError **error)
{
    g_autoptr (GError) local = NULL;

    *records = read_copies (state_fd, &local);
    if (local == NULL)
        return TRUE;
    return fail (error, ERR_NOT_READY,
                 "what this host knows of its receipts cannot be read, so nothing is done: "
                 "%s\n" RECORDS_NEXT,
                 local->message);
}

gboolean
records_write (int state_fd, Records *records, GError **error)
{
    g_autoptr (GBytes) text = NULL;

    records->generation++;
    text = records_to_text (records);
    g_clear_pointer (&records->note, g_free);
    return twice_write (state_fd, RECORDS_NAME, text, &records->note, error) ||
           fail_prefix (error, "writing what this host knows of its receipts");
}

gboolean
records_create (const char *state_path, GError **error)
{
    g_autoptr (Records) records = NULL;
    autofd int fd = -1;

    if (g_mkdir_with_parents (state_path, 0755) < 0)
        return fail_errno (error, ERR_FAILED, errno, "cannot make '%s'", state_path);
    fd = file_open_dir_given (state_path, error);
    if (fd < 0 || !records_read (fd, &records, error))
        return FALSE;
    if (records != NULL)
        return TRUE;
    records = records_new ();
    return records_write (fd, records, error);
}
