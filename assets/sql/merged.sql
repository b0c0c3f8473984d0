-- One row per account, or per post, of all sources: the newest capture; of equally new ones, that of the first source.
WITH shared AS (
    SELECT hash(platform, profile_id, post_id) AS record
    FROM deduplicated
    GROUP BY record
    HAVING count(*) > 1
),

replaced AS (
    SELECT filename, file_row_number
    FROM deduplicated
    JOIN source_order ON deduplicated.source = source_order.source
    WHERE hash(platform, profile_id, post_id) IN (SELECT record FROM shared)
    QUALIFY row_number() OVER (
        PARTITION BY platform, profile_id, post_id
        ORDER BY captured DESC, source_order.place
    ) > 1
)

SELECT * FROM deduplicated ANTI JOIN replaced USING (filename, file_row_number);
