-- Rows replaced by another row of their source, of the same account or post: the newest capture is kept; of equally new
-- ones that of the first file, and within one file the last.
WITH repeated AS (
    -- Equal hashes of different records only cause an additional comparison.
    SELECT hash(source, platform, profile_id, post_id) AS record
    FROM identified
    GROUP BY record
    HAVING count(*) > 1
)

SELECT filename, file_row_number
FROM identified
WHERE hash(source, platform, profile_id, post_id) IN (SELECT record FROM repeated)
QUALIFY row_number() OVER (
    PARTITION BY source, platform, profile_id, post_id
    ORDER BY captured DESC, landed_file, file_row_number DESC
) > 1;
