-- One row per post: the newest capture, ties by the order of the sources, then the last in its file.
WITH placed AS (
    SELECT
        landed.*,
        row_number() OVER (
            PARTITION BY landed.platform, landed.profile_id, landed.post_id
            ORDER BY
                coalesce(captured_at, CAST(snapshot_date - snapshot_age_days AS TIMESTAMP)) DESC,
                source_order.place,
                landed_file,
                landed_row DESC
        ) AS newest
    FROM landed
    JOIN source_order ON landed.source = source_order.source
)

SELECT * FROM placed WHERE newest = 1;
