-- The first 40 micro-influencers of every segment of at least 5.
--
-- Inputs: micro_influencers.
WITH segments AS (
    SELECT 'platform' AS dimension, platform AS segment, rank, platform, profile_id, score FROM micro_influencers
    UNION ALL
    SELECT 'sector' AS dimension, sector AS segment, rank, platform, profile_id, score FROM micro_influencers
    UNION ALL
    SELECT 'country' AS dimension, country AS segment, rank, platform, profile_id, score FROM micro_influencers
    UNION ALL
    SELECT 'language' AS dimension, language AS segment, rank, platform, profile_id, score FROM micro_influencers
    UNION ALL
    SELECT 'tone' AS dimension, tone AS segment, rank, platform, profile_id, score FROM micro_influencers
    UNION ALL
    SELECT 'age_band' AS dimension, age_band AS segment, rank, platform, profile_id, score FROM micro_influencers
    UNION ALL
    SELECT 'sex' AS dimension, sex AS segment, rank, platform, profile_id, score FROM micro_influencers
),

placed AS (
    SELECT
        segments.*,
        row_number() OVER (PARTITION BY dimension, segment ORDER BY rank) AS place,
        count(*) OVER (PARTITION BY dimension, segment) AS members
    FROM segments
    WHERE segment IS NOT NULL
)

SELECT dimension, segment, place, platform, profile_id, score
FROM placed
WHERE place <= 40 AND members >= 5
ORDER BY dimension, segment, place;
