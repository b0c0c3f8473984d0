-- Cells of text to values: what the SELECT of a shape is written with.
--
-- A blank cell, or a word for "nothing here", is NULL: not given. A cell that holds something else than it
-- should becomes a value that no contract allows (see UNREADABLE_* in schemas/validation.py), so that the row
-- is quarantined: a silent NULL would pass as "not given".
--
-- The marks that the shape declares are bound by schemas/shape.py: count_of(x) is parse_count(x, decimal, thousands).
--
-- Every macro begins with the common case, a cell as a machine writes it: the branches after it are run for the
-- other cells only. No IN over a list: DuckDB turns a long one into a join that runs for every row.

-- White space of any kind at the ends, the no-break space of spreadsheets among it.
CREATE MACRO trimmed(x) AS trim(x, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160));

CREATE MACRO is_blank(x) AS
    x IS NULL OR regexp_full_match(trimmed(x), '(?i)(-|--|–|—|n/?a''?|n\.a\.|n/?d|nan|none|null|#n/a)?');

CREATE MACRO text_of(x) AS CASE
    WHEN x >= '!' AND x < chr(127) AND x[-1] >= '!' AND x[-1] < chr(127) THEN x
    ELSE nullif(trimmed(x), '')
END;

-- A number whose decimal mark is a point and that has no thousands marks, perhaps with K, M or B behind it.
CREATE MACRO parse_plain(x) AS CAST(try_cast(
    nullif(regexp_extract(x, '^([+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]{1,2})?)\s*[kKmMbB]?$', 1), '') AS DOUBLE
) * CASE lower(x[-1]) WHEN 'k' THEN 1e3 WHEN 'm' THEN 1e6 WHEN 'b' THEN 1e9 ELSE 1 END AS DOUBLE);

-- Digits with the declared marks, and K, M or B behind them. Thousands must stand in threes, and a point is
-- refused where the shape declares another decimal mark: "3,375" under the wrong declaration is unreadable, and
-- never off by a thousand where the marks can tell.
CREATE MACRO parse_number(x, decimal_mark, thousands_mark) AS CASE
    WHEN decimal_mark = '.' AND x[-1] >= '0' AND x[-1] <= '9' AND NOT contains(x, '_')
        AND try_cast(x AS DOUBLE) IS NOT NULL
        THEN try_cast(x AS DOUBLE)
    WHEN is_blank(x) THEN NULL
    WHEN decimal_mark <> '.' AND thousands_mark <> '.' AND contains(x, '.') THEN -9e15
    WHEN thousands_mark = '' OR NOT contains(trimmed(x), thousands_mark)
        THEN coalesce(parse_plain(replace(trimmed(x), decimal_mark, '.')), -9e15)
    WHEN regexp_full_match(
        split_part(trimmed(x), decimal_mark, 1), '[+-]?[0-9]{1,3}([' || thousands_mark || '][0-9]{3})+\s*[kKmMbB]?'
    )
        THEN coalesce(parse_plain(replace(replace(trimmed(x), thousands_mark, ''), decimal_mark, '.')), -9e15)
    ELSE -9e15
END;

CREATE MACRO whole(number) AS CASE
    WHEN abs(number) >= 9e15 OR abs(number - round(number)) > 1e-6 THEN -9000000000000000
    ELSE CAST(round(number) AS BIGINT)
END;

CREATE MACRO parse_count(x, decimal_mark, thousands_mark) AS CASE
    WHEN x = CAST(try_cast(x AS BIGINT) AS VARCHAR) THEN try_cast(x AS BIGINT)
    ELSE whole(parse_number(x, decimal_mark, thousands_mark))
END;

-- Likes that the account hides arrive as -1.
CREATE MACRO parse_likes(x, decimal_mark, thousands_mark) AS
    CASE WHEN x = '-1' OR x = '-1.0' THEN NULL ELSE parse_count(x, decimal_mark, thousands_mark) END;

-- unit: 'fraction' (0.013) or 'percent' (1.3 or 1.3%).
CREATE MACRO parse_ratio(x, unit, decimal_mark, thousands_mark) AS CASE
    WHEN is_blank(x) THEN NULL
    WHEN unit = 'fraction' AND contains(x, '%') THEN -9e15
    WHEN unit = 'fraction' THEN parse_number(x, decimal_mark, thousands_mark)
    WHEN unit = 'percent' THEN parse_number(replace(x, '%', ''), decimal_mark, thousands_mark) / 100
    ELSE error('ratio_of: unit must be ''fraction'' or ''percent''')
END;

-- ISO 8601, with any offset (+02:00, +0200, Z, UTC) or none, which is UTC too.
CREATE MACRO time_of(x) AS CASE
    -- A cast to TIMESTAMP drops an offset without a word, so only cells that can have none go this way.
    WHEN try_cast(x AS TIMESTAMP) IS NOT NULL AND (x[-1] = 'Z' OR NOT (contains(x, '+') OR contains(x[11:], '-'))) THEN try_cast(x AS TIMESTAMP)
    WHEN is_blank(x) THEN NULL
    ELSE coalesce(
        make_timestamp(epoch_us(try_cast(
            regexp_replace(trimmed(x), '([+-][0-9]{2})([0-9]{2})$', '\1:\2') AS TIMESTAMPTZ
        ))),
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
    ELSE coalesce(try_strptime(trimmed(x), format), TIMESTAMP '0001-01-01')
END;

CREATE MACRO flag_of(x) AS CASE
    WHEN x = 'true' THEN true
    WHEN x = 'false' THEN false
    WHEN regexp_full_match(x, '(?i)\s*(true|t|yes|y|1)\s*') THEN true
    WHEN regexp_full_match(x, '(?i)\s*(false|f|no|n|0)\s*') THEN false
END;

-- Lower case, without "@", white space or the address around it.
CREATE MACRO handle_of(x) AS nullif(lower(ltrim(CASE
    WHEN regexp_matches(x, '^\s*(https?://)?([a-z]+\.)*[a-z]+\.(com|net|tv)/\S', 'i')
        THEN regexp_extract(x, '^\s*(?:https?://)?[^/]+/(?:c/|user/|channel/)?([^/?#\s]+)', 1)
    ELSE text_of(x)
END, '@')), '');

-- A JSON list of texts, as one text.
CREATE MACRO list_of(x) AS nullif(array_to_string(from_json(x, '["VARCHAR"]'), ' '), '');
