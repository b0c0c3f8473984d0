-- Macros that convert text cells to values, for the SELECT of shapes.
--
-- A blank cell, or a word for "not given", is NULL. A cell that cannot be parsed becomes a value that no contract
-- allows (see UNREADABLE_* in schemas/validation.py), so that the row is quarantined: NULL would pass as "not given".
--
-- schemas/shape.py binds the marks of the shape: count_of(x) is parse_count(x, decimal, thousands), and time_of(x) is
-- parse_time(x, date_order). A column with other marks passes them: count_of(x, ',', '.'), time_of(x, 'DMY').
--
-- Every macro begins with the common case, a machine-written cell; only other cells reach the later branches. No IN
-- over a list: DuckDB turns a long one into a join that runs for every row.

-- Removes white space at both ends, including the no-break space of spreadsheets.
CREATE MACRO trimmed(x) AS trim(x, ' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160));

CREATE MACRO is_blank(x) AS
    x IS NULL OR regexp_full_match(
        trimmed(x), '(?i)(-|--|–|—|n/?a''?|n\.a\.|n/?d|nan|none|null|#(n/a|value!|ref!|div/0!|name\?|num!|null!))?'
    );

-- Spreadsheets keep the digits of an id as ="7158414720537200000", or with a leading apostrophe.
CREATE MACRO text_of(x) AS CASE
    WHEN x[1] = '=' AND regexp_full_match(x, '="[^"]*"\s*') THEN nullif(trimmed(regexp_extract(x, '="([^"]*)"', 1)), '')
    WHEN x[1] = '''' AND regexp_full_match(x, '''[0-9]+\s*') THEN trimmed(x[2:])
    -- In this order: the test of the last character is the cheaper second pass.
    WHEN x[-1] BETWEEN '!' AND '~' AND x BETWEEN '!' AND '~' THEN x
    ELSE nullif(trimmed(x), '')
END;

-- A number with a decimal point and without thousands marks, optionally followed by K, M or B.
CREATE MACRO parse_plain(x) AS CAST(try_cast(
    nullif(regexp_extract(x, '^([+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]{1,2})?)\s*[kKmMbB]?$', 1), '') AS DOUBLE
) * CASE lower(x[-1]) WHEN 'k' THEN 1e3 WHEN 'm' THEN 1e6 WHEN 'b' THEN 1e9 ELSE 1 END AS DOUBLE);

-- Replaces other spaces and apostrophes used for thousands by the plain ones; removes spaces before K, M or B.
CREATE MACRO plain_marks(x) AS regexp_replace(
    translate(trimmed(x), chr(160) || chr(8201) || chr(8239) || chr(8217), '   '''), '\s+([kKmMbB])$', '\1'
);

-- Digits with the declared marks, optionally followed by K, M or B. Thousands must be groups of three after a number
-- that does not begin with 0, and a point is an error where the shape declares another decimal mark: "3,375" or "0,001"
-- under the wrong declaration is unreadable rather than off by a factor of a thousand.
CREATE MACRO parse_number(x, decimal_mark, thousands_mark) AS CASE
    WHEN decimal_mark = '.' AND x[-1] >= '0' AND x[-1] <= '9' AND NOT contains(x, '_')
        AND try_cast(x AS DOUBLE) IS NOT NULL
        THEN try_cast(x AS DOUBLE)
    WHEN decimal_mark = ',' AND x[-1] >= '0' AND x[-1] <= '9' AND NOT contains(x, '.') AND NOT contains(x, '_')
        AND try_cast(replace(x, ',', '.') AS DOUBLE) IS NOT NULL
        THEN try_cast(replace(x, ',', '.') AS DOUBLE)
    WHEN x IS NULL THEN NULL
    WHEN is_blank(x) THEN NULL
    WHEN decimal_mark <> '.' AND thousands_mark <> '.' AND contains(x, '.') THEN -9e15
    WHEN thousands_mark = '' OR NOT contains(plain_marks(x), thousands_mark)
        THEN coalesce(parse_plain(replace(trimmed(x), decimal_mark, '.')), -9e15)
    WHEN regexp_full_match(
        plain_marks(x),
        '[+-]?[1-9][0-9]{0,2}([' || thousands_mark || '][0-9]{3})+([' || decimal_mark || '][0-9]+)?[kKmMbB]?'
    )
        THEN coalesce(parse_plain(replace(replace(plain_marks(x), thousands_mark, ''), decimal_mark, '.')), -9e15)
    ELSE -9e15
END;

-- The lambda evaluates the number once: a macro repeats its argument at every use, and this one is long.
CREATE MACRO whole(number) AS list_transform([number], lambda n: CASE
    WHEN abs(n) >= 9e15 OR abs(n - round(n)) > 1e-6 THEN -9000000000000000
    ELSE CAST(round(n) AS BIGINT)
END)[1];

CREATE MACRO parse_count(x, decimal_mark, thousands_mark) AS CASE
    WHEN x = CAST(try_cast(x AS BIGINT) AS VARCHAR) THEN try_cast(x AS BIGINT)
    WHEN x IS NULL THEN NULL
    ELSE whole(parse_number(x, decimal_mark, thousands_mark))
END;

CREATE MACRO factor_of(unit) AS CASE unit
    WHEN 'thousands' THEN 1e3 WHEN 'millions' THEN 1e6 WHEN 'billions' THEN 1e9
    ELSE error('unit must be ''thousands'', ''millions'' or ''billions''')
END;

-- 475.8 in a column of millions. "475.8m" in such a column has two units, and is ambiguous.
CREATE MACRO parse_number_in(x, unit, decimal_mark, thousands_mark) AS CASE
    WHEN factor_of(unit) IS NULL THEN NULL
    WHEN regexp_matches(x, '[0-9]\s*[kKmMbB]\s*$') THEN -9e15
    ELSE list_transform(
        [parse_number(x, decimal_mark, thousands_mark)],
        lambda n: CASE WHEN n = -9e15 THEN n ELSE n * factor_of(unit) END
    )[1]
END;

CREATE MACRO parse_count_in(x, unit, decimal_mark, thousands_mark) AS
    whole(parse_number_in(x, unit, decimal_mark, thousands_mark));

-- Exports write hidden likes as -1.
CREATE MACRO parse_likes(x, decimal_mark, thousands_mark) AS nullif(parse_count(x, decimal_mark, thousands_mark), -1);

-- "1.3%" as 1.3; a percent sign anywhere else is an error.
CREATE MACRO parse_percent(x, decimal_mark, thousands_mark) AS parse_number(
    CASE WHEN x[-1] = '%' AND x <> '%' THEN x[:-2] ELSE regexp_replace(x, '([0-9])\s*%\s*$', '\1') END,
    decimal_mark, thousands_mark
);

-- unit: 'fraction' (0.013) or 'percent' (1.3 or 1.3%).
CREATE MACRO parse_ratio(x, unit, decimal_mark, thousands_mark) AS CASE
    WHEN unit = 'fraction' THEN parse_number(x, decimal_mark, thousands_mark)
    WHEN unit <> 'percent' THEN error('ratio_of: unit must be ''fraction'' or ''percent''')
    ELSE list_transform(
        [parse_percent(x, decimal_mark, thousands_mark)], lambda n: CASE WHEN n = -9e15 THEN n ELSE n / 100 END
    )[1]
END;

-- A date, optionally with a time and an offset (+02:00, +0200, +02, Z, UTC or GMT).
CREATE MACRO is_iso(x) AS regexp_full_match(
    x,
    '[1-9][0-9]{3}[-/][0-9]{1,2}[-/][0-9]{1,2}([T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?'
    || '( ?(Z|UTC|GMT|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?))?)?'
);

-- The range of Python and Polars; DuckDB also parses "infinity".
CREATE MACRO is_reachable(t) AS t >= TIMESTAMP '1000-01-01' AND t < TIMESTAMP '9999-12-31';

-- "Wed, 01 May 2024 14:00:00 +0200" of RFC 2822, with or without the day of the week, and "Wed May 01 14:00:00 +0200
-- 2024" of version 1 of the X API.
CREATE MACRO parse_mail_time(x) AS make_timestamp(epoch_us(coalesce(
    try_strptime(
        regexp_replace(
            regexp_replace(
                x, '^([A-Z][a-z]{2}) ([A-Z][a-z]{2}) ([0-9]{1,2}) ([0-9:]{8}) ([+-][0-9]{4}) ([0-9]{4})$', '\3 \2 \6 \4 \5'
            ),
            '(^[A-Z][a-z]{2}, +|(GMT|UTC|Z)$)', '', 'g'
        ) || CASE WHEN regexp_matches(x, '(GMT|UTC|Z)$') THEN '+0000' ELSE '' END,
        ['%d %b %Y %H:%M:%S %z', '%d %b %Y %H:%M %z']
    ),
    TIMESTAMPTZ '0001-01-01 00:00:00+00'
)));

-- A date in a declared order, with a year of two or four digits, optionally with a time.
CREATE MACRO parse_ordered_time(x, date_order) AS coalesce(
    CASE WHEN regexp_full_match(
        x,
        '[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{4}|[0-9]{2})'
        || '(,?[ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?( ?[AaPp][Mm])?)?'
    ) THEN try_strptime(
        regexp_replace(
            regexp_replace(
                regexp_replace(
                    x, '^([0-9]+)[./-]([0-9]+)[./-]([0-9]+),?[ T]?',
                    CASE WHEN date_order = 'DMY' THEN '\3/\2/\1 ' ELSE '\3/\1/\2 ' END
                ),
                '^([0-9]{2})/', '20\1/'
            ),
            ' ?([AaPp][Mm])$', ' \1'
        ),
        [
            '%Y/%m/%d ', '%Y/%m/%d %H:%M', '%Y/%m/%d %H:%M:%S', '%Y/%m/%d %H:%M:%S.%f',
            '%Y/%m/%d %I:%M %p', '%Y/%m/%d %I:%M:%S %p'
        ]
    ) END,
    TIMESTAMP '0001-01-01'
);

-- ISO 8601, in UTC where it has no offset; RFC 2822; and dates in the order of the shape where it declares one ('DMY' or
-- 'MDY' instead of 'YMD').
CREATE MACRO parse_time(x, date_order) AS CASE
    WHEN date_order <> 'YMD' AND date_order <> 'DMY' AND date_order <> 'MDY'
        THEN error('date_order must be ''YMD'', ''DMY'' or ''MDY''')
    -- A cast to TIMESTAMP silently drops an offset, or any word after a space: only for cells that cannot have one,
    -- 2024-05-01, 2024-05-01 12:00:00, 2024-05-01T12:00:00Z and 2024-05-01T12:00:00.000Z.
    WHEN is_reachable(try_cast(x AS TIMESTAMP))
        AND (suffix(x, 'Z') AND NOT contains(x, ' ') OR strlen(x) = 19 AND x[17] = ':' OR strlen(x) = 10)
        THEN try_cast(x AS TIMESTAMP)
    WHEN x IS NULL THEN NULL
    -- The same with UTC as an offset, the format of the Graph API.
    WHEN x[20:] = '+0000' AND is_iso(x) THEN coalesce(try_cast(x[:19] AS TIMESTAMP), TIMESTAMP '0001-01-01')
    WHEN is_blank(x) THEN NULL
    WHEN regexp_matches(trimmed(x), '^([A-Z][a-z]{2},? |[0-9]{1,2} [A-Z])') THEN parse_mail_time(trimmed(x))
    WHEN date_order <> 'YMD' AND NOT is_iso(trimmed(x)) THEN parse_ordered_time(trimmed(x), date_order)
    WHEN NOT is_iso(trimmed(x)) THEN TIMESTAMP '0001-01-01'
    ELSE coalesce(
        make_timestamp(epoch_us(try_cast(
            regexp_replace(replace(trimmed(x), ' +', '+'), ' ?([+-][0-9]{2}):?([0-9]{2})$', '\1:\2') AS TIMESTAMPTZ
        ))),
        TIMESTAMP '0001-01-01'
    )
END;

-- Seconds since 1970, up to the year 9999. Other units are declared: epoch_of(x, 'milliseconds').
CREATE MACRO parse_epoch(x, factor) AS CASE
    WHEN abs(try_cast(x AS DOUBLE)) * factor < 253402300800e6 AND NOT contains(x, '_')
        THEN make_timestamp(CAST(try_cast(x AS DOUBLE) * factor AS BIGINT))
    WHEN is_blank(x) THEN NULL
    ELSE TIMESTAMP '0001-01-01'
END;

CREATE MACRO epoch_of(x) AS parse_epoch(x, 1e6), (x, unit) AS parse_epoch(x, CASE unit
    WHEN 'seconds' THEN 1e6 WHEN 'milliseconds' THEN 1e3 WHEN 'microseconds' THEN 1
    ELSE error('unit must be ''seconds'', ''milliseconds'' or ''microseconds''')
END);

-- A format of strptime, such as '%d/%m/%Y'.
CREATE MACRO time_in(x, format) AS CASE
    WHEN is_reachable(try_strptime(trimmed(x), format)) THEN try_strptime(trimmed(x), format)
    WHEN is_blank(x) THEN NULL
    ELSE TIMESTAMP '0001-01-01'
END;

-- Names of platforms in exports to those of the contract.
CREATE MACRO platform_of(x) AS CASE
    WHEN x = 'instagram' OR x = 'tiktok' OR x = 'youtube' THEN x
    ELSE CASE lower(replace(text_of(x), ' ', ''))
        WHEN 'twitter' THEN 'x' WHEN 'x(twitter)' THEN 'x' WHEN 'twitter/x' THEN 'x' WHEN 'x/twitter' THEN 'x'
        WHEN 'ig' THEN 'instagram' WHEN 'insta' THEN 'instagram' WHEN 'tt' THEN 'tiktok' WHEN 'tik-tok' THEN 'tiktok'
        WHEN 'yt' THEN 'youtube' WHEN 'fb' THEN 'facebook'
        ELSE lower(replace(text_of(x), ' ', ''))
    END
END;

-- Sum of two counts, of which one may be null.
CREATE MACRO sum_of(a, b) AS CASE WHEN a IS NOT NULL OR b IS NOT NULL THEN coalesce(a, 0) + coalesce(b, 0) END;

-- A total divided by a number; unreadable where either is.
CREATE MACRO average_of(total, number) AS CASE WHEN total < 0 OR number < 0 THEN -9e15 ELSE total / nullif(number, 0) END;

CREATE MACRO flag_of(x) AS CASE
    WHEN x = 'true' THEN true
    WHEN x = 'false' THEN false
    WHEN x IS NULL THEN NULL
    WHEN regexp_full_match(x, '(?i)\s*(true|t|yes|y|1|vrai|oui|wahr|ja|s[ií]|sim)\s*') THEN true
    WHEN regexp_full_match(x, '(?i)\s*(false|f|no|n|0|faux|non|falsch|nein|n[aã]o)\s*') THEN false
END;

-- A handle without the name of the platform: "mila.bakes (IG)", "IG: kai_runs", "ines / TikTok @ines_s".
CREATE MACRO unlabelled(x) AS regexp_replace(
    regexp_replace(x, '^(ig|insta(gram)?|tik ?tok|tt|yt|you ?tube|twitter|x|fb|facebook|handle|user(name)?)\s*:\s*@?', '', 'i'),
    '\s+([(\[](ig|insta(gram)?|tik ?tok|tt|yt|you ?tube|twitter|x|fb|facebook)[)\]]|[/|,;+&]\s*.*)$', '', 'i'
);

-- Handle in lower case, without "@", white space or the URL around it. NULL for a URL without an account, such as that
-- of a post, a search or a share button. For a page without a handle, .../people/NAME/ID, the id.
CREATE MACRO handle_of(x) AS nullif(lower(trim(ltrim(CASE
    WHEN contains(x, '/') AND regexp_matches(
        x,
        '^\s*(https?://)?([a-z]+\.)+(com|net|tv)/('
        || '(share|watch|p|reel|reels|groups|stories|hashtag|shorts|music|sounds?|tag|tags|t|video|playlist)[/?]\S'
        || '|(intent|search|explore|sharer|sharer\.php|dialog|login|signin|signup|results|discover|i|home|feed|redirect'
        || '|accounts|settings|about|help|legal|privacy|terms)([/?#]|\s*$))', 'i'
    ) OR regexp_matches(x, '^\s*(https?://)?(vm\.tiktok|vt\.tiktok|youtu\.be|t\.co|bit\.ly|lnk\.bio|linktr\.ee)\b', 'i')
    THEN NULL
    WHEN contains(x, '/') AND regexp_matches(x, '^\s*(https?://|([a-z]+\.)+(com|net|tv)/\S)', 'i')
        THEN nullif(url_decode(regexp_extract(
            x,
            '^\s*(?:https?://)?[^/]+/(?:(?:c|user|channel|in|company|add|_u|people/[^/]+|pages/[^/]+)/)?([^/?#\s]+)', 1, 'i'
        )), 'profile.php')
    WHEN contains(x, ' ') THEN unlabelled(ltrim(text_of(x), '@'))
    ELSE text_of(x)
END, '@'))), '');

-- A JSON list of texts as one text; any other text unchanged.
CREATE MACRO list_of(x) AS nullif(coalesce(
    array_to_string(TRY(from_json(CASE WHEN starts_with(x, '[') THEN x END, '["VARCHAR"]')), ' '), text_of(x)
), '');

-- A number without currency signs and words around it: "$ 1,200", "10K+", "12.3M followers", "1,2 Mio.",
-- "3.4万人", "12.5 lakh", "١٢٣". Not "mil", which is a thousand here and a million there.
CREATE MACRO in_letters(x) AS regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(
    regexp_replace(regexp_replace(x,
    '^(.*\d)\s*(?:tsd|thousand|tys|тыс|тис|bin|mila|rb|ribu|nghìn|千|천|ألف|الف|آلاف|हज़ार)\.?\s*$', '\1K', 'i'),
    '^(.*\d)\s*(?:mio|mln|mn|mi|mill|million|millions|millionen|millones|milhões|milioni|jt|juta|triệu|млн|مليون|ملايين)\.?\s*$',
    '\1M', 'i'),
    '^(.*\d)\s*(?:mrd|bn|billion|billions|milliarden|млрд)\.?\s*$', '\1B', 'i'),
    '^(.*\d)\s*(?:万|萬|만|w)\s*$', '\1e4', 'i'),
    '^(.*\d)\s*(?:lakhs?|lacs?|लाख)\.?\s*$', '\1e5', 'i'),
    '^(.*\d)\s*(?:crores?|cr|करोड़)\.?\s*$', '\1e7', 'i'),
    '^(.*\d)\s*(?:亿|億|억)\s*$', '\1e8'
);
CREATE MACRO western_digits(x) AS translate(
    x, '٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹०१२३४५६७८९０１２３４５６７８９٫٬', '0123456789012345678901234567890123456789.,'
);
CREATE MACRO bare_of(x) AS CASE
    WHEN regexp_matches(western_digits(x), '[0-9]') THEN in_letters(regexp_replace(
        regexp_replace(western_digits(x), '^\s*((?:[~≈$€£¥₹₺''’]|[<>]=?|[≤≥])\s*)+', ''),
        '(\s*(\+|[$€£¥₹₺]|(de |d[''’])?(followers?|subscribers?|fans|abonn[ée]s|abonnenten|abonnent|seguidores'
        || '|suscriptores|inscritos|iscritti|takipçi|abone|volgers|obserwujących|подписчик(ов|а)?|pengikut|フォロワー|粉丝'
        || '|人|명|likes|comments|views|videos|posts)))+\s*$', '', 'i'
    ))
    ELSE x
END;
