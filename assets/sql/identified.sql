-- Staged rows, each with the id of its account and the time of its capture. A row that only names its handle belongs to
-- the account that has this handle that day, if there is just one.
WITH known AS (
    SELECT platform, handle, min(profile_id) AS known_id
    FROM accounts
    WHERE profile_id IS NOT NULL
        AND (platform, handle) IN (SELECT (platform, handle) FROM staged WHERE profile_id IS NULL)
    GROUP BY platform, handle
    HAVING count(DISTINCT profile_id) = 1
)

SELECT
    staged.* REPLACE (coalesce(staged.profile_id, known.known_id, '@' || staged.handle) AS profile_id),
    coalesce(captured_at, CAST(snapshot_date - data_age_days AS TIMESTAMP)) AS captured
FROM staged
LEFT JOIN known ON staged.platform = known.platform AND staged.handle = known.handle;
