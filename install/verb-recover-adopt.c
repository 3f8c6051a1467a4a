/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "install/verb-recover.h"

#include "install/verb-record.h"
#include "manifest/error.h"
#include "manifest/json-out.h"
#include "manifest/verb-json.h"
#include "manifest/message.h"

#include <string.h>

/* The number decides which old releases can come back, so it is typed twice. */
static gboolean
confirm (const Adoption *adoption, GError **error)
{
    g_autofree char *wanted = g_strdup_printf ("%" G_GUINT64_FORMAT, adoption->floor);
    g_autofree char *prompt =
        message_printf ("No release of %s below this number can be installed here later, and "
                        "every one from it on.\n"
                        "Type the highest number that was ever installed here again: ",
                        adoption->product);
    g_autofree char *typed = NULL;

    verb_host_signals (FALSE);
    typed = verb_ask (prompt, error);
    verb_host_signals (TRUE);
    if (typed == NULL)
        return fail_prefix (error, "recover --adopt needs a person at the console, or -y");
    return strcmp (g_strstrip (typed), wanted) == 0 ||
           fail (error, ERR_FAILED, "nothing was done: the two numbers differ");
}

static void
print (const Run *run, const Adoption *adoption, const VerbOutput *output)
{
    g_autoptr (JsonBuilder) json = NULL;

    if (!output->json) {
        for (guint i = 0; i < run->notes->len; i++)
            verb_print (output, "  %s\n", (const char *)run->notes->pdata[i]);
        verb_print (output,
                    "%s is known again; nothing below release %" G_GUINT64_FORMAT " is installed. "
                    "Next: handcarry status\n",
                    adoption->product, adoption->floor);
        return;
    }
    json = json_builder_new ();
    json_builder_begin_object (json);
    json_out_text (json, "schema", "handcarry.recover/1");
    json_out_flag (json, "changed", TRUE);
    json_out_text (json, "product", adoption->product);
    json_out_number (json, "floor", adoption->floor);
    json_out_lines (json, "notes", run->notes);
    json_builder_end_object (json);
    verb_json_print (json);
}

int
verb_recover_adopt (Run *run, const Adoption *adoption, gboolean yes, const VerbOutput *output,
                    GError **error)
{
    g_autoptr (GError) why = NULL;

    if (adopt_check (run, adoption, &why) && (yes || confirm (adoption, &why)) &&
        adopt_product (run, adoption, &why)) {
        print (run, adoption, output);
        verb_record_carry_back (&run->options, output);
        return 0;
    }
    if (!run->begun)
        verb_record_refusal (&run->options, "adopt", run->barrier, run, why);
    g_propagate_error (error, g_steal_pointer (&why));
    return error_exit_status (*error);
}
