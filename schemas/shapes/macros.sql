-- Cells of text to values: what the SELECT of a shape is written with.
--
-- A blank cell, or a word for "nothing here", is NULL: not given. A cell that holds something else than it
-- should becomes a value that no contract allows (see UNREADABLE_* in schemas/validation.py), so that the row
-- is quarantined: a silent NULL would pass as "not given".
--
-- pipelines/read binds the marks that the shape declares: count_of(x) is parse_count(x, decimal, thousands).

-- White space of any kind at the ends, the no-break space of spreadsheets among it.
CREATE MACRO trimmed(x) AS trim(x, ' ' || chr(9) || chr(10) || chr(13) || chr(160));

CREATE MACRO is_blank(x) AS x IS NULL OR lower(trimmed(x)) IN (
    '', '-', '--', '–', '—', 'n/a', 'n/a''', 'na', 'n.a.', 'n/d', 'nd', 'nan', 'none', 'null', '#n/a'
);

CREATE MACRO text_of(x) AS nullif(trimmed(x), '');

-- Digits with the declared marks, and K, M or B behind them. Thousands must stand in threes: "3,375" read with
-- the wrong declaration is unreadable or exact, never off by a thousand where the marks can tell.
CREATE MACRO parse_number(x, decimal_mark, thousands_mark) AS CASE
    WHEN is_blank(x) THEN NULL
    ELSE coalesce(
        try_cast(
            nullif(regexp_extract(
                CASE
                    WHEN thousands_mark = '' OR NOT contains(x, thousands_mark)
                        THEN replace(trimmed(x), decimal_mark, '.')
                    WHEN regexp_full_match(
                        split_part(trimmed(x), decimal_mark, 1),
                        '[+-]?[0-9]{1,3}([' || thousands_mark || '][0-9]{3})+\s*[kKmMbB]?'
                    ) THEN replace(replace(trimmed(x), thousands_mark, ''), decimal_mark, '.')
                    ELSE ''
                END,
                '^([+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]{1,3})?)\s*[kKmMbB]?$', 1
            ), '') AS DOUBLE
        ) * CASE lower(right(trimmed(x), 1)) WHEN 'k' THEN 1e3 WHEN 'm' THEN 1e6 WHEN 'b' THEN 1e9 ELSE 1 END,
        -9e15
    )
    -- A "." must not pass as a decimal point where the shape declares another mark.
    + CASE WHEN decimal_mark <> '.' AND thousands_mark <> '.' AND contains(x, '.') THEN -9e15 ELSE 0 END
END;

-- The first branch is the common case, an integer as a machine writes it, and keeps big exports fast.
CREATE MACRO parse_count(x, decimal_mark, thousands_mark) AS CASE
    WHEN x = CAST(try_cast(x AS BIGINT) AS VARCHAR) THEN try_cast(x AS BIGINT)
    WHEN is_blank(x) THEN NULL
    WHEN abs(parse_number(x, decimal_mark, thousands_mark)) >= 9e15 THEN -9000000000000000
    WHEN abs(parse_number(x, decimal_mark, thousands_mark) - round(parse_number(x, decimal_mark, thousands_mark))) > 1e-6
        THEN -9000000000000000
    ELSE CAST(round(parse_number(x, decimal_mark, thousands_mark)) AS BIGINT)
END;

-- Likes that the account hides arrive as -1.
CREATE MACRO parse_likes(x, decimal_mark, thousands_mark) AS
    CASE WHEN x IN ('-1', '-1.0') THEN NULL ELSE parse_count(x, decimal_mark, thousands_mark) END;

-- unit: 'fraction' (0.013) or 'percent' (1.3 or 1.3%).
CREATE MACRO parse_ratio(x, unit, decimal_mark, thousands_mark) AS CASE
    WHEN is_blank(x) THEN NULL
    WHEN unit = 'fraction' AND contains(x, '%') THEN -9e15
    WHEN unit = 'fraction' THEN parse_number(x, decimal_mark, thousands_mark)
    WHEN unit = 'percent' THEN parse_number(replace(x, '%', ''), decimal_mark, thousands_mark) / 100
    ELSE error('ratio_of: unit must be ''fraction'' or ''percent''')
END;

-- ISO 8601, with any offset or none (then UTC).
CREATE MACRO time_of(x) AS CASE
    WHEN is_blank(x) THEN NULL
    ELSE coalesce(
        try_cast(x AS TIMESTAMP),
        try_cast(regexp_replace(trim(x), '([+-][0-9]{2})([0-9]{2})$', '\1:\2') AS TIMESTAMP),
        TIMESTAMP '0001-01-01'
    )
END;

-- Seconds since 1970.
CREATE MACRO epoch_of(x) AS CASE
    WHEN is_blank(x) THEN NULL
    ELSE coalesce(make_timestamp(try_cast(try_cast(x AS DOUBLE) * 1e6 AS BIGINT)), TIMESTAMP '0001-01-01')
END;

-- A format of strptime, such as '%d/%m/%Y'.
CREATE MACRO time_in(x, format) AS CASE
    WHEN is_blank(x) THEN NULL
    ELSE coalesce(try_strptime(trim(x), format), TIMESTAMP '0001-01-01')
END;

CREATE MACRO flag_of(x) AS CASE
    WHEN lower(trim(x)) IN ('true', 't', 'yes', 'y', '1') THEN true
    WHEN lower(trim(x)) IN ('false', 'f', 'no', 'n', '0') THEN false
END;

-- Lower case, without "@", white space or the address around it.
CREATE MACRO handle_of(x) AS nullif(lower(ltrim(CASE
    WHEN regexp_matches(x, '^\s*(https?://)?([a-z]+\.)*[a-z]+\.(com|net|tv)/\S', 'i')
        THEN regexp_extract(x, '^\s*(?:https?://)?[^/]+/(?:c/|user/|channel/)?([^/?#\s]+)', 1)
    ELSE trimmed(x)
END, '@')), '');

-- A JSON list of texts, as one text.
CREATE MACRO list_of(x) AS nullif(array_to_string(from_json(x, '["VARCHAR"]'), ' '), '');
