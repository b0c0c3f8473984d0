-- One row per account: the newest capture, ties by the order of the sources, then the last in its file.
-- A row that only names its handle belongs to the account that has this handle that day, if there is just one.
WITH known AS (
    SELECT platform, handle, min(profile_id) AS known_id
    FROM landed
    WHERE profile_id IS NOT NULL AND handle IS NOT NULL
    GROUP BY platform, handle
    HAVING count(DISTINCT profile_id) = 1
),

identified AS (
    SELECT
        landed.* EXCLUDE (profile_id),
        coalesce(landed.profile_id, known.known_id, '@' || landed.handle) AS profile_id
    FROM landed
    LEFT JOIN known ON landed.platform = known.platform AND landed.handle = known.handle
),

placed AS (
    SELECT
        identified.*,
        row_number() OVER (
            PARTITION BY identified.platform, identified.profile_id
            ORDER BY
                coalesce(captured_at, CAST(snapshot_date - snapshot_age_days AS TIMESTAMP)) DESC,
                source_order.place,
                landed_file,
                landed_row DESC
        ) AS newest
    FROM identified
    JOIN source_order ON identified.source = source_order.source
)

SELECT * FROM placed WHERE newest = 1;
