-- One row per account: its score with its components, and its ranks.
--
-- Inputs: engagement, estimates, authenticity, topics, score_weights. The score is 100 x / (1 + x) with x = lift
-- × (1 - weight (1 - authenticity)) × (1 - weight (1 - recency)): it increases with each of the three.

WITH weighing AS (
    SELECT
        max(CASE WHEN component = 'authenticity' THEN weight END) AS authenticity,
        max(CASE WHEN component = 'recency' THEN weight END) AS recency
    FROM score_weights
    WHERE part = 'score'
),

gathered AS (
    SELECT
        engagement.platform,
        engagement.profile_id,
        engagement.handle,
        engagement.followers,
        engagement.tier,
        engagement.is_ranked_tier,
        engagement.country,
        engagement.language,
        engagement.age_band,
        engagement.sex,
        engagement.snapshot_date,
        coalesce(engagement.sector, topics.sector) AS sector,
        CASE WHEN engagement.sector IS NOT NULL THEN 'export' WHEN topics.sector IS NOT NULL THEN 'lexicon' END
            AS sector_basis,
        coalesce(engagement.tone, topics.tone) AS tone,
        CASE WHEN engagement.tone IS NOT NULL THEN 'export' WHEN topics.tone IS NOT NULL THEN 'lexicon' END AS tone_basis,
        estimates.engagement_ci_lower,
        estimates.engagement_estimate,
        estimates.engagement_ci_upper,
        estimates.lift,
        estimates.lift_ci_lower,
        authenticity.authenticity,
        authenticity.flags,
        -- 0.5 after 90 days without a post; null for exports of averages.
        CASE
            WHEN estimates.lift IS NOT NULL AND engagement.days_since_last_post IS NOT NULL
                THEN 1 / (1 + pow(greatest(engagement.days_since_last_post, 0) / 90.0, 4))
        END AS recency
    FROM engagement
    JOIN authenticity ON engagement.platform = authenticity.platform AND engagement.profile_id = authenticity.profile_id
    LEFT JOIN estimates ON engagement.platform = estimates.platform AND engagement.profile_id = estimates.profile_id
    LEFT JOIN topics ON engagement.platform = topics.platform AND engagement.profile_id = topics.profile_id
),

valued AS (
    SELECT
        gathered.platform,
        gathered.profile_id,
        gathered.tier,
        gathered.is_ranked_tier,
        gathered.sector,
        gathered.country,
        gathered.lift
        * (1 - weighing.authenticity * (1 - coalesce(gathered.authenticity, 1)))
        * (1 - weighing.recency * (1 - coalesce(gathered.recency, 1))) AS merit
    FROM gathered
    CROSS JOIN weighing
    WHERE gathered.lift IS NOT NULL
),

-- Sorted once by merit; every other rank derives from that order.
placed AS (
    SELECT
        valued.*,
        row_number() OVER (ORDER BY merit DESC, platform, profile_id) AS place
    FROM valued
),

standings AS (
    SELECT
        platform,
        profile_id,
        -- 100 merit / (1 + merit), in steps that are monotonic in merit after rounding.
        100 - 100 / (1 + merit) AS score,
        cume_dist() OVER (PARTITION BY platform, tier ORDER BY merit) AS tier_percentile,
        count(*) OVER (PARTITION BY platform, tier) AS tier_accounts,
        row_number() OVER (PARTITION BY is_ranked_tier ORDER BY place) AS place,
        row_number() OVER (PARTITION BY tier ORDER BY place) AS place_in_tier,
        row_number() OVER (PARTITION BY is_ranked_tier, platform ORDER BY place) AS place_in_platform,
        row_number() OVER (PARTITION BY is_ranked_tier, sector ORDER BY place) AS place_in_sector,
        row_number() OVER (PARTITION BY is_ranked_tier, country ORDER BY place) AS place_in_country,
        count(*) OVER (PARTITION BY is_ranked_tier, platform) AS in_platform,
        count(*) OVER (PARTITION BY is_ranked_tier, sector) AS in_sector,
        count(*) OVER (PARTITION BY is_ranked_tier, country) AS in_country
    FROM placed
)

SELECT
    CASE WHEN gathered.is_ranked_tier THEN standings.place END AS rank,
    standings.score,
    gathered.platform,
    gathered.profile_id,
    gathered.handle,
    gathered.followers,
    gathered.tier,
    gathered.sector,
    gathered.country,
    gathered.language,
    gathered.sex,
    gathered.age_band,
    gathered.tone,
    gathered.snapshot_date,
    gathered.engagement_ci_lower,
    gathered.engagement_estimate,
    gathered.engagement_ci_upper,
    gathered.lift,
    gathered.lift_ci_lower,
    gathered.authenticity,
    gathered.recency,
    gathered.flags,
    gathered.sector_basis,
    gathered.tone_basis,
    standings.tier_percentile,
    standings.tier_accounts,
    CASE WHEN gathered.is_ranked_tier THEN standings.place_in_tier END AS rank_in_tier,
    CASE WHEN gathered.is_ranked_tier AND standings.in_platform >= 5 THEN standings.place_in_platform END
        AS rank_in_platform,
    CASE
        WHEN gathered.is_ranked_tier AND gathered.sector IS NOT NULL AND standings.in_sector >= 5
            THEN standings.place_in_sector
    END AS rank_in_sector,
    CASE
        WHEN gathered.is_ranked_tier AND gathered.country IS NOT NULL AND standings.in_country >= 5
            THEN standings.place_in_country
    END AS rank_in_country
FROM gathered
LEFT JOIN standings ON gathered.platform = standings.platform AND gathered.profile_id = standings.profile_id;
