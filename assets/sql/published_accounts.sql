-- The newest ranking, with growth over the lake's earlier snapshots.
--
-- Inputs: ranking, earlier_7d and earlier_30d (profiles of the dates within 2 days of 7 and 30 days before, each
-- with days_off, its distance from that day). Growth is looked up when publishing, so that a day backfilled late
-- counts from the next publish on.
WITH seven AS (
    SELECT platform, profile_id, followers
    FROM (
        SELECT
            platform, profile_id, followers,
            row_number() OVER (PARTITION BY platform, profile_id ORDER BY abs(days_off), days_off) AS nearest
        FROM earlier_7d
    ) AS placed
    WHERE nearest = 1
),

thirty AS (
    SELECT platform, profile_id, followers
    FROM (
        SELECT
            platform, profile_id, followers,
            row_number() OVER (PARTITION BY platform, profile_id ORDER BY abs(days_off), days_off) AS nearest
        FROM earlier_30d
    ) AS placed
    WHERE nearest = 1
)

SELECT
    ranking.*,
    CAST(ranking.followers - seven.followers AS DOUBLE) / nullif(seven.followers, 0) AS followers_growth_7d,
    CAST(ranking.followers - thirty.followers AS DOUBLE) / nullif(thirty.followers, 0) AS followers_growth_30d
FROM ranking
LEFT JOIN seven ON ranking.platform = seven.platform AND ranking.profile_id = seven.profile_id
LEFT JOIN thirty ON ranking.platform = thirty.platform AND ranking.profile_id = thirty.profile_id;
