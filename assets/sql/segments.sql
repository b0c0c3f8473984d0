-- One row per micro-influencer and segment that it belongs to, with its rank there. Segments of under 5 are not ranked.
--
-- Inputs: ranking, dimensions (one row per dimension: its name, and for each column whether it is part of it). An
-- account without a value in one of the columns of a dimension is in none of its segments.

WITH members AS (
    SELECT
        dimensions.dimension,
        concat_ws(
            ' | ',
            CASE WHEN dimensions.by_sector THEN ranking.sector END,
            CASE WHEN dimensions.by_country THEN ranking.country END,
            CASE WHEN dimensions.by_platform THEN ranking.platform END,
            CASE WHEN dimensions.by_tier THEN ranking.tier END,
            CASE WHEN dimensions.by_language THEN ranking.language END,
            CASE WHEN dimensions.by_tone THEN ranking.tone END,
            CASE WHEN dimensions.by_age_band THEN ranking.age_band END,
            CASE WHEN dimensions.by_sex THEN ranking.sex END
        ) AS segment,
        ranking.platform,
        ranking.profile_id,
        ranking.rank,
        ranking.score,
        ranking.snapshot_date
    FROM ranking
    CROSS JOIN dimensions
    WHERE
        ranking.rank IS NOT NULL
        AND (NOT dimensions.by_sector OR ranking.sector IS NOT NULL)
        AND (NOT dimensions.by_country OR ranking.country IS NOT NULL)
        AND (NOT dimensions.by_language OR ranking.language IS NOT NULL)
        AND (NOT dimensions.by_tone OR ranking.tone IS NOT NULL)
        AND (NOT dimensions.by_age_band OR ranking.age_band IS NOT NULL)
        AND (NOT dimensions.by_sex OR ranking.sex IS NOT NULL)
),

placed AS (
    SELECT
        members.*,
        row_number() OVER (PARTITION BY dimension, segment ORDER BY rank) AS rank_in_segment,
        count(*) OVER (PARTITION BY dimension, segment) AS accounts
    FROM members
)

SELECT
    dimension,
    segment,
    rank_in_segment,
    accounts,
    CAST(accounts - rank_in_segment + 1 AS DOUBLE) / accounts AS percentile,
    platform,
    profile_id,
    score,
    snapshot_date
FROM placed
WHERE accounts >= 5;
