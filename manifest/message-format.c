/* SPDX-License-Identifier: Apache-2.0
 * Copyright The handcarry authors */
#include "manifest/message-format.h"

#include "manifest/message.h"

#include <string.h>

#define ARGS_MAX 24

/* One conversion: %[POSITION$][FLAGS][WIDTH][.PRECISION][SIZE]CONVERSION */
typedef struct {
    guint position; /* of its argument, from 1; 0: the next */
    char flags[8];
    int width;
    int precision;
    gboolean star_width;
    gboolean star_precision;
    guint longs; /* how many 'l'; 'z' counts as one */
    char conversion;
    gboolean quoted; /* it stands between two of ' */
} Spec;

typedef struct {
    char kind; /* i: signed, u: unsigned, f, s, c, p */
    guint64 integer;
    double real;
    const void *pointer;
} Arg;

typedef struct {
    Arg args[ARGS_MAX];
    guint count;
} Args;

static int
read_number (const char **at)
{
    int number = 0;

    while (g_ascii_isdigit (**at) && number < 10000)
        number = number * 10 + (*(*at)++ - '0');
    return number;
}

static void
read_width (const char **at, Spec *spec)
{
    if ((spec->star_width = **at == '*'))
        (*at)++;
    else
        spec->width = read_number (at);
    if (**at != '.')
        return;
    (*at)++;
    if ((spec->star_precision = **at == '*'))
        (*at)++;
    else
        spec->precision = read_number (at);
}

/* at is behind the '%'. FALSE: this is none that we know. */
static gboolean
read_spec (const char **at, Spec *spec)
{
    const char *start = *at;
    gsize flags;

    *spec = (Spec){ .precision = -1, .quoted = spec->quoted };
    spec->position = (guint)read_number (at);
    if (**at == '$')
        (*at)++;
    else
        spec->position = 0, *at = start;
    flags = strspn (*at, "-0+ #'");
    if (flags >= sizeof spec->flags)
        return FALSE;
    memcpy (spec->flags, *at, flags);
    *at += flags;
    read_width (at, spec);
    for (; **at == 'l' || **at == 'z' || **at == 'j'; (*at)++)
        spec->longs++;
    spec->conversion = **at;
    if (spec->conversion == '\0' || strchr ("diuxXocsfgep", spec->conversion) == NULL)
        return FALSE;
    (*at)++;
    return TRUE;
}

static char
kind_of (const Spec *spec)
{
    switch (spec->conversion) {
    case 'd':
    case 'i':
        return 'i';
    case 'x':
    case 'X':
    case 'o':
        return 'u';
    case 'g':
    case 'e':
        return 'f';
    default:
        return spec->conversion;
    }
}

/* Takes the arguments that format names, in order. The list is passed in a struct, so that it is
 * the caller's that moves on. */
typedef struct {
    va_list list;
} Source;

static gint64
next_signed (Source *source, guint longs)
{
    return longs == 0   ? va_arg (source->list, int)
           : longs == 1 ? va_arg (source->list, long)
                        : va_arg (source->list, long long);
}

static guint64
next_unsigned (Source *source, guint longs)
{
    return longs == 0   ? va_arg (source->list, unsigned int)
           : longs == 1 ? va_arg (source->list, unsigned long)
                        : va_arg (source->list, unsigned long long);
}

static void
take_one (Args *args, Source *source, char kind, guint longs)
{
    Arg *arg = &args->args[args->count++];

    arg->kind = kind;
    if (kind == 'i' || kind == 'c')
        arg->integer = (guint64)next_signed (source, kind == 'c' ? 0 : longs);
    else if (kind == 'u')
        arg->integer = next_unsigned (source, longs);
    else if (kind == 'f')
        arg->real = va_arg (source->list, double);
    else
        arg->pointer = va_arg (source->list, const void *);
}

/* The next conversion at or behind at, and what stands before it in before, with "%%" as "%".
 * FALSE: there is none; spec->conversion is '\0' at the end of the format, else it is not known. */
static gboolean
next_spec (const char **at, Spec *spec, GString *before)
{
    *spec = (Spec){ .quoted = spec->quoted };
    for (; **at != '\0'; (*at)++) {
        if (**at != '%') {
            /* An apostrophe follows a letter, and a quote that opens does not. */
            if (**at == '\'')
                spec->quoted = !spec->quoted && (before->len == 0 ||
                                                 !g_ascii_isalnum (before->str[before->len - 1]));
            g_string_append_c (before, **at);
        } else if ((*at)[1] == '%') {
            g_string_append_c (before, *(*at)++);
        } else {
            (*at)++;
            if (!read_spec (at, spec)) {
                spec->conversion = '?';
                return FALSE;
            }
            return TRUE;
        }
    }
    return FALSE;
}

static gboolean
take_args (Args *args, const char *format, Source *source)
{
    g_autoptr (GString) text = g_string_new (NULL);
    Spec spec = { 0 };

    while (next_spec (&format, &spec, text)) {
        if (args->count + 3 > ARGS_MAX || spec.position != 0)
            return FALSE;
        if (spec.star_width)
            take_one (args, source, 'i', 0);
        if (spec.star_precision)
            take_one (args, source, 'i', 0);
        take_one (args, source, kind_of (&spec), spec.longs);
    }
    return spec.conversion == '\0';
}

/* The argument at position, from 1, or the next one; NULL: it is not there, or another thing. */
static const Arg *
find_arg (const Args *args, guint position, guint *next, char kind)
{
    guint index = position != 0 ? position - 1 : (*next)++;

    return index < args->count && args->args[index].kind == kind ? &args->args[index] : NULL;
}

static gboolean
resolve_stars (const Args *args, guint *next, Spec *spec)
{
    const Arg *arg;

    if (spec->position != 0)
        return !spec->star_width && !spec->star_precision;
    if (spec->star_width) {
        if ((arg = find_arg (args, 0, next, 'i')) == NULL)
            return FALSE;
        spec->width = (int)(gint64)arg->integer;
        if (spec->width < 0) {
            spec->width = -spec->width;
            g_strlcat (spec->flags, "-", sizeof spec->flags);
        }
    }
    if (spec->star_precision) {
        if ((arg = find_arg (args, 0, next, 'i')) == NULL)
            return FALSE;
        spec->precision = (int)(gint64)arg->integer;
    }
    return TRUE;
}

static void
append_string (GString *out, const Spec *spec, const char *text, MessageWordFunc word)
{
    g_autofree char *own = text != NULL ? word (text, spec->quoted) : NULL;
    g_autofree char *cut = own == NULL && text != NULL && spec->precision >= 0
                               ? g_strndup (text, spec->precision)
                               : NULL;
    const char *shown = own != NULL ? own : cut != NULL ? cut : text != NULL ? text : "(null)";
    int columns = (int)message_columns (shown);
    int pad = MAX (0, spec->width - columns);
    gboolean left = strchr (spec->flags, '-') != NULL;

    for (int i = 0; !left && i < pad; i++)
        g_string_append_c (out, ' ');
    g_string_append (out, shown);
    for (int i = 0; left && i < pad; i++)
        g_string_append_c (out, ' ');
}

/* The format is made here, of parts that were read one by one. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void
append_other (GString *out, const Spec *spec, const Arg *arg)
{
    g_autofree char *precision =
        spec->precision >= 0 ? g_strdup_printf (".%d", spec->precision) : g_strdup ("");
    g_autofree char *width = spec->width > 0 ? g_strdup_printf ("%d", spec->width) : g_strdup ("");
    g_autofree char *format =
        g_strdup_printf ("%%%s%s%s%s%c", spec->flags, width, precision,
                         arg->kind == 'i' || arg->kind == 'u' ? "ll" : "", spec->conversion);

    if (arg->kind == 'i' || arg->kind == 'u')
        g_string_append_printf (out, format, (long long)arg->integer);
    else if (arg->kind == 'c')
        g_string_append_printf (out, format, (int)arg->integer);
    else if (arg->kind == 'f')
        g_string_append_printf (out, format, arg->real);
    else
        g_string_append_printf (out, format, arg->pointer);
}
#pragma GCC diagnostic pop

static char *
fill_in (const char *translation, const Args *args, MessageWordFunc word)
{
    g_autoptr (GString) out = g_string_new (NULL);
    guint next = 0;
    Spec spec = { 0 };

    while (next_spec (&translation, &spec, out)) {
        const Arg *arg;

        if (!resolve_stars (args, &next, &spec) ||
            (arg = find_arg (args, spec.position, &next, kind_of (&spec))) == NULL)
            return NULL;
        if (arg->kind == 's')
            append_string (out, &spec, arg->pointer, word);
        else
            append_other (out, &spec, arg);
    }
    return spec.conversion == '\0' ? g_string_free (g_steal_pointer (&out), FALSE) : NULL;
}

char *
message_format (const char *format, const char *translation, MessageWordFunc word, va_list args)
{
    Args taken = { 0 };
    Source source;
    gboolean known;

    va_copy (source.list, args);
    known = take_args (&taken, format, &source);
    va_end (source.list);
    return known ? fill_in (translation, &taken, word) : NULL;
}
