-- Rows that another row of their source replaces, of the same account or post: the newest capture stays, of several the
-- first file's, of several in one file the last.
WITH repeated AS (
    -- Equal hashes of different records only mean that some are looked at closer.
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
