-- One row per account that has a ratio: its shrunken engagement, and how that compares with accounts of its size.
--
-- Inputs: engagement, priors, parameters. docs/model.md has the formulas. Two things may hold of an account's
-- highest post: it went viral and says nothing of the others, or it is one of them. And of an account: it is one of the
-- many near what is typical of its size, or one of the few far out. Each of the four has its estimate, and counts by
-- how likely it makes what was seen.

WITH expected AS (
    SELECT
        engagement.platform,
        engagement.profile_id,
        engagement.snapshot_date,
        engagement.averaged_posts,
        engagement.sample_basis = 'posts' AS has_posts,
        engagement.log_count AS posts,
        -- Where accounts rise and fall, posts scatter around a line.
        engagement.log_within_squares
        - CASE
            WHEN priors.drift_variance > 0 AND engagement.log_count > 2 AND engagement.age_squares > 0
                THEN engagement.age_log_products * engagement.age_log_products / engagement.age_squares
            ELSE 0
        END AS squares,
        engagement.log_count
        - CASE
            WHEN priors.drift_variance > 0 AND engagement.log_count > 2 AND engagement.age_squares > 0 THEN 2
            ELSE 1
        END AS freedom,
        (engagement.log_highest - engagement.log_median) / 1e6 AS excess,
        -- Ages in units of 90 days.
        engagement.age_mean / 90 AS age,
        engagement.age_squares / 8100 AS age_squares,
        engagement.age_log_products / 90 AS age_log_products,
        engagement.counting_variance AS counting,
        priors.log_typical + priors.slope * (ln(engagement.followers) - priors.log_followers) AS log_typical,
        CASE
            WHEN engagement.sample_basis = 'posts' THEN priors.posts_slope * (ln(engagement.log_count) - priors.log_posts)
            ELSE 0
        END AS frequent_lift,
        priors.log_spread,
        priors.spread_slope,
        -- The mean ratio has its say where it is surer than the mean of logs; of one post they are the same.
        engagement.log_ratio / 1e6 + coalesce(
            priors.mean_share * (
                (engagement.log_of_mean - engagement.log_ratio) / 1e6
                - priors.mean_offset * (1 - 1.0 / engagement.log_count)
            ),
            0
        ) AS average,
        -- What lies between the median, the mean of logs and the log of the mean grows with the variance that it comes from.
        priors.median_offset - priors.mean_share * priors.mean_offset * (1 - 1.0 / engagement.log_count) AS uneven_offset,
        priors.mean_spread,
        -- And the median where posts lie far out on both sides.
        CASE WHEN engagement.log_count > 2 AND engagement.counting_variance <= 0.06 THEN priors.median_share ELSE 0 END
            AS median_share,
        engagement.log_median / 1e6 - priors.median_offset AS middle,
        1 - (1 - priors.level_variance) * (1 - 1.0 / engagement.log_count) AS level_variance,
        priors.median_variance,
        engagement.log_highest / 1e6 AS highest,
        priors.between_variance,
        priors.far_share,
        priors.within_variance,
        priors.within_freedom,
        priors.drift_variance,
        priors.wave_variance,
        priors.viral_share,
        priors.viral_lift,
        priors.viral_variance,
        priors.median_offset,
        priors.average_offset,
        priors.average_variance
    FROM engagement
    JOIN priors ON engagement.platform = priors.platform AND engagement.tier = priors.tier
    WHERE engagement.log_count > 0
),

-- The account's own variance between posts, drawn towards that of its cell; an average has one of its own.
scattered AS (
    SELECT
        expected.* REPLACE (
            CASE WHEN median_share > 0 THEN 1 - (1 - median_variance) * (1 - 2.0 / posts) ELSE level_variance END
                AS level_variance
        ),
        CASE
            -- Of the mean of so many log-normal posts, some of them viral, where their number is told; and of what it has
            -- over the median, which differs between accounts as the variance of their posts does.
            WHEN averaged_posts > 0 THEN ln(
                1 + (exp(within_variance) - 1 + viral_share * pow(exp(viral_lift) - 1, 2)) / averaged_posts
            ) + 2 * average_offset * average_offset / within_freedom
            WHEN NOT has_posts THEN average_variance
            WHEN excess > 3 * sqrt(within_variance + counting) THEN
                (
                    within_freedom * (within_variance + counting)
                    + greatest(squares - pow(highest - average, 2) * posts / greatest(posts - 1, 1), 0)
                ) / (within_freedom + greatest(freedom - 1, 0) - 1)
            ELSE (within_freedom * (within_variance + counting) + squares) / (within_freedom + freedom - 1)
        END AS variance,
        -- How much likelier posts are to scatter so little where they earn their likes than where somebody buys each
        -- the same: with a sixth of the usual deviation, beside what counting adds. A log of a ratio of densities, the
        -- quotient of two gamma functions taken as a power.
        CASE
            WHEN has_posts AND freedom > 0 THEN
                freedom / 2.0 * ln(
                    2 * (within_variance / 36 + counting) * (within_freedom / 2 + freedom / 4.0 - 0.5)
                    / (within_freedom * (within_variance + counting))
                )
                - (within_freedom + freedom) / 2 * ln(1 + squares / (within_freedom * (within_variance + counting)))
                + squares / (2 * (within_variance / 36 + counting))
        END AS log_earned
    FROM expected
),

-- What is expected of an account that shows as many posts, and whose posts scatter as far, over what is typical of its
-- size.
awaited AS (
    SELECT
        scattered.*,
        frequent_lift
        + CASE
            WHEN has_posts AND freedom > 0
                THEN spread_slope * (
                    ln(variance / (within_variance + counting) * (1 - 1 / (within_freedom + freedom)))
                    - log_spread * freedom / (within_freedom + freedom)
                )
            ELSE 0
        END AS expected_lift
    FROM scattered
),

-- Where the account stands today, if it has risen or fallen over the window, as far as its posts show it.
trended AS (
    SELECT
        awaited.*,
        CASE
            WHEN drift_variance > 0 AND has_posts
                THEN median_offset - age * drift_variance * age_log_products / (drift_variance * age_squares + variance)
            WHEN has_posts THEN median_offset
            -- The mean of one post is that post.
            WHEN averaged_posts > 0 THEN -average_offset * (1 - 1.0 / averaged_posts)
            ELSE -average_offset
        END
        + CASE
            WHEN has_posts AND posts > 1 AND median_share = 0
                THEN uneven_offset * (least(variance / (within_variance + counting) / mean_spread, 3) - 1)
            ELSE 0
        END
        - log_typical - expected_lift AS shift,
        CASE
            WHEN drift_variance > 0 AND has_posts
                THEN age * age * drift_variance * variance / (drift_variance * age_squares + variance)
            ELSE 0
        END + CASE WHEN has_posts OR averaged_posts > 0 THEN wave_variance ELSE 0 END AS trend_noise
    FROM awaited
),

-- Over what is typical: all posts, the highest of them, and the rest; of a single post that went viral, itself
-- without what posts that do so gain.
heard AS (
    SELECT
        platform,
        profile_id,
        snapshot_date,
        -- One account in fifty is taken to buy likes before its posts are looked at.
        CASE WHEN log_earned IS NOT NULL THEN 1 - 1 / (1 + exp(-least(log_earned, 700)) / 49) END AS even_engagement,
        CASE WHEN has_posts AND freedom > 0 THEN sqrt(greatest(squares, 0) / freedom) END AS post_spread,
        log_typical,
        expected_lift,
        variance,
        between_variance,
        16 * between_variance AS far_variance,
        greatest(far_share, 1e-12) AS far_share,
        CASE WHEN has_posts THEN viral_share ELSE 1e-12 END AS viral_share,
        viral_lift,
        viral_variance,
        posts > 1 AS has_rest,
        CASE WHEN median_share > 0 THEN (1 - median_share) * average + median_share * middle ELSE average END + shift
            AS all_level,
        variance * level_variance / posts + trend_noise AS all_noise,
        CASE WHEN has_posts THEN highest ELSE average END + shift AS highest_level,
        CASE
            WHEN median_share > 0
                THEN (1 - median_share) * (posts * average - highest) / (posts - 1) + median_share * middle
            WHEN posts > 1 THEN (posts * average - highest) / (posts - 1)
            ELSE average - viral_lift
        END + shift AS rest_level,
        CASE WHEN posts > 1 THEN variance * level_variance / (posts - 1) ELSE variance + viral_variance END + trend_noise
            AS rest_noise
    FROM trended
),

-- What the rest of the posts makes one expect of the highest.
foreseen AS (
    SELECT
        heard.*,
        CASE WHEN has_rest THEN between_variance / (between_variance + rest_noise) ELSE 0 END * rest_level AS near_level,
        between_variance * CASE WHEN has_rest THEN rest_noise / (between_variance + rest_noise) ELSE 1 END + variance
            AS near_noise,
        CASE WHEN has_rest THEN far_variance / (far_variance + rest_noise) ELSE 0 END * rest_level AS far_level,
        far_variance * CASE WHEN has_rest THEN rest_noise / (far_variance + rest_noise) ELSE 1 END + variance
            AS far_noise,
        ln(1 - far_share)
        - CASE
            WHEN has_rest
                THEN rest_level * rest_level / (between_variance + rest_noise) / 2 + ln(between_variance + rest_noise) / 2
            ELSE 0
        END AS near_chance,
        ln(far_share)
        - CASE
            WHEN has_rest
                THEN rest_level * rest_level / (far_variance + rest_noise) / 2 + ln(far_variance + rest_noise) / 2
            ELSE 0
        END AS far_chance
    FROM heard
),

chances AS (
    SELECT
        foreseen.*,
        near_chance + ln(1 - viral_share)
        - pow(highest_level - near_level, 2) / near_noise / 2 - ln(near_noise) / 2 AS near_all,
        near_chance + ln(viral_share)
        - pow(highest_level - near_level - viral_lift, 2) / (near_noise + viral_variance) / 2
        - ln(near_noise + viral_variance) / 2 AS near_rest,
        far_chance + ln(1 - viral_share)
        - pow(highest_level - far_level, 2) / far_noise / 2 - ln(far_noise) / 2 AS far_all,
        far_chance + ln(viral_share)
        - pow(highest_level - far_level - viral_lift, 2) / (far_noise + viral_variance) / 2
        - ln(far_noise + viral_variance) / 2 AS far_rest
    FROM foreseen
),

weighed AS (
    SELECT
        chances.*,
        exp(near_all - greatest(near_all, near_rest, far_all, far_rest)) AS near_all_weight,
        exp(near_rest - greatest(near_all, near_rest, far_all, far_rest)) AS near_rest_weight,
        exp(far_all - greatest(near_all, near_rest, far_all, far_rest)) AS far_all_weight,
        exp(far_rest - greatest(near_all, near_rest, far_all, far_rest)) AS far_rest_weight,
        all_level * between_variance / (between_variance + all_noise) AS near_all_level,
        rest_level * between_variance / (between_variance + rest_noise) AS near_rest_level,
        all_level * far_variance / (far_variance + all_noise) AS far_all_level,
        rest_level * far_variance / (far_variance + rest_noise) AS far_rest_level
    FROM chances
),

mixed AS (
    SELECT
        weighed.*,
        near_all_weight + near_rest_weight + far_all_weight + far_rest_weight AS weight,
        expected_lift + (
            near_all_weight * near_all_level + near_rest_weight * near_rest_level
            + far_all_weight * far_all_level + far_rest_weight * far_rest_level
        ) / (near_all_weight + near_rest_weight + far_all_weight + far_rest_weight) AS log_lift
    FROM weighed
),

estimated AS (
    SELECT
        mixed.platform,
        mixed.profile_id,
        mixed.snapshot_date,
        mixed.even_engagement,
        mixed.post_spread,
        mixed.log_typical,
        mixed.log_lift,
        -- From what is expected of it, against all accounts of the cell, the few far out among them.
        (mixed.log_lift - mixed.expected_lift) / sqrt(mixed.between_variance * (1 + 15 * mixed.far_share)) AS engagement_deviation,
        sqrt((
            near_all_weight * (
                between_variance * all_noise / (between_variance + all_noise)
                + pow(near_all_level + expected_lift - log_lift, 2)
            )
            + near_rest_weight * (
                between_variance * rest_noise / (between_variance + rest_noise)
                + pow(near_rest_level + expected_lift - log_lift, 2)
            )
            + far_all_weight * (
                far_variance * all_noise / (far_variance + all_noise) + pow(far_all_level + expected_lift - log_lift, 2)
            )
            + far_rest_weight * (
                far_variance * rest_noise / (far_variance + rest_noise) + pow(far_rest_level + expected_lift - log_lift, 2)
            )
        ) / weight) AS log_deviation
    FROM mixed
)

SELECT
    platform,
    profile_id,
    snapshot_date,
    exp(log_typical) AS typical_ratio,
    exp(log_typical + log_lift - interval_z * log_deviation) AS engagement_low,
    exp(log_typical + log_lift) AS engagement_estimate,
    exp(log_typical + log_lift + interval_z * log_deviation) AS engagement_high,
    exp(log_lift) AS lift,
    exp(log_lift - interval_z * log_deviation) AS lift_low,
    engagement_deviation,
    post_spread,
    even_engagement
FROM estimated
CROSS JOIN parameters;
