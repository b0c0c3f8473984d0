-- State of each source on the newest date: the published reading, or else the error.
--
-- Inputs: import_report, pulls (source, last_pulled_at).
WITH preferred AS (
    SELECT
        import_report.*,
        dense_rank() OVER (
            PARTITION BY source
            ORDER BY CASE WHEN state IN ('published', 'carried_forward') THEN 0 ELSE 1 END, landed_date DESC NULLS LAST, state
        ) AS preference
    FROM import_report
),

-- A file that holds both profiles and posts has two rows; its bytes count once.
landed AS (
    SELECT source, sum(landed_bytes) AS landed_bytes, string_agg(sha256, ' ' ORDER BY landed_file) AS sha256
    FROM (SELECT DISTINCT source, landed_file, landed_bytes, sha256 FROM preferred WHERE preference = 1) AS files
    GROUP BY source
),

-- Errors of the day itself are reported even if an earlier day's rows are carried forward.
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
    CAST(max(landed.landed_bytes) AS BIGINT) AS landed_bytes,
    CAST(sum(preferred.landed) AS BIGINT) AS landed_rows,
    CAST(sum(preferred.accepted) AS BIGINT) AS accepted,
    CAST(sum(preferred.quarantined) AS BIGINT) AS quarantined,
    CAST(sum(preferred.deduplicated) AS BIGINT) AS deduplicated,
    CAST(sum(preferred.erased) AS BIGINT) AS erased,
    max(landed.sha256) AS sha256,
    max(problems.message) AS message,
    string_agg(DISTINCT preferred.inferred, '; ' ORDER BY preferred.inferred) AS inferred
FROM preferred
JOIN landed ON preferred.source = landed.source
LEFT JOIN problems ON preferred.source = problems.source
LEFT JOIN pulls ON preferred.source = pulls.source
WHERE preferred.preference = 1
GROUP BY preferred.source
ORDER BY preferred.source;
