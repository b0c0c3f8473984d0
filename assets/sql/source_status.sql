-- What became of each source on the newest date: the reading that is published, or else what went wrong.
--
-- Inputs: import_report, pulls (source, last_pulled_at).
WITH preferred AS (
    SELECT
        import_report.*,
        dense_rank() OVER (
            PARTITION BY source
            ORDER BY CASE WHEN state IN ('published', 'carried') THEN 0 ELSE 1 END, landed_date DESC, state
        ) AS preference
    FROM import_report
),

-- What went wrong on the day itself is told even where an earlier day's rows stand in.
problems AS (
    SELECT source, string_agg(DISTINCT message, '; ' ORDER BY message) AS message
    FROM import_report
    WHERE message IS NOT NULL
    GROUP BY source
)

SELECT
    preferred.source,
    max(preferred.state) AS state,
    max(pulls.last_pulled_at) AS last_pulled_at,
    max(preferred.landed_date) AS snapshot_date,
    CAST(coalesce(sum(preferred.landed_bytes) FILTER (WHERE preferred.records = 'profiles' OR preferred.sha256 <> coalesce(profiles.sha256, '')), 0) AS BIGINT) AS landed_bytes,
    CAST(sum(preferred.landed) AS BIGINT) AS landed_rows,
    CAST(sum(preferred.accepted) AS BIGINT) AS accepted,
    CAST(sum(preferred.quarantined) AS BIGINT) AS quarantined,
    CAST(sum(preferred.superseded) AS BIGINT) AS superseded,
    string_agg(DISTINCT preferred.sha256, ' ' ORDER BY preferred.sha256) AS sha256,
    max(problems.message) AS message
FROM preferred
LEFT JOIN problems ON preferred.source = problems.source
LEFT JOIN pulls ON preferred.source = pulls.source
LEFT JOIN preferred AS profiles
    ON
        preferred.landed_file = profiles.landed_file
        AND profiles.records = 'profiles'
        AND profiles.preference = 1
        AND preferred.records = 'posts'
WHERE preferred.preference = 1
GROUP BY preferred.source
ORDER BY preferred.source;
