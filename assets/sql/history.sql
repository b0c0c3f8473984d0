-- One row per account with earlier snapshots in the last 32 days: its growth, its steps, accounts followed and
-- unfollowed, and its previous handle.
--
-- Inputs: profiles, earlier (profiles of the dates before, those of their own day only; both may come bucket by
-- bucket), tiers. Figures are as of the day that a row was landed; earlier days of a carried-forward row count back
-- from there.

WITH known AS (
    SELECT DISTINCT platform, profile_id FROM earlier WHERE data_age_days = 0
),

seen AS (
    SELECT
        earlier.platform,
        earlier.profile_id,
        earlier.source,
        earlier.handle,
        earlier.followers,
        earlier.following,
        earlier.snapshot_date AS seen_on,
        date_diff('day', earlier.snapshot_date, profiles.snapshot_date - profiles.data_age_days) AS days_before
    FROM earlier
    JOIN profiles ON earlier.platform = profiles.platform AND earlier.profile_id = profiles.profile_id
    WHERE earlier.data_age_days = 0 AND earlier.snapshot_date < profiles.snapshot_date - profiles.data_age_days
    UNION ALL
    SELECT
        profiles.platform,
        profiles.profile_id,
        profiles.source,
        profiles.handle,
        profiles.followers,
        profiles.following,
        profiles.snapshot_date - profiles.data_age_days AS seen_on,
        0 AS days_before
    FROM profiles
    JOIN known ON profiles.platform = known.platform AND profiles.profile_id = known.profile_id
),

-- Sources count differently: a step is computed within one source only.
stepped AS (
    SELECT
        seen.*,
        lag(followers) OVER each AS followers_before,
        lag(following) OVER each AS following_before,
        date_diff('day', lag(seen_on) OVER each, seen_on) AS days
    FROM seen
    WINDOW each AS (PARTITION BY platform, profile_id, source ORDER BY seen_on)
),

grown AS (
    SELECT
        stepped.*,
        (CAST(followers AS DOUBLE) / nullif(followers_before, 0) - 1) / days AS daily_growth
    FROM stepped
),

told AS (
    SELECT
        platform,
        profile_id,
        count(*) - 1 AS earlier_snapshots,
        count(daily_growth) AS steps,
        -- Of two days equally near, the earlier counts.
        arg_min(followers, 2 * abs(days_before - 7) + CAST(days_before < 7 AS INTEGER))
            FILTER (WHERE days_before BETWEEN 5 AND 9) AS followers_7d,
        arg_min(followers, 2 * abs(days_before - 30) + CAST(days_before < 30 AS INTEGER))
            FILTER (WHERE days_before BETWEEN 28 AND 32) AS followers_30d,
        max(daily_growth) AS max_daily_growth,
        median(abs(daily_growth)) AS median_daily_growth,
        -- Of equally large steps, the latest.
        arg_max(followers, row(daily_growth, -days_before)) FILTER (WHERE daily_growth IS NOT NULL)
            AS followers_after_step,
        arg_max(followers_before, row(daily_growth, -days_before)) FILTER (WHERE daily_growth IS NOT NULL)
            AS followers_before_step,
        sum(abs(following - following_before)) - abs(sum(following - following_before)) AS turned_over,
        arg_min(handle, days_before) FILTER (WHERE days_before > 0 AND handle IS NOT NULL) AS previous_handle
    FROM grown
    GROUP BY platform, profile_id
    HAVING count(*) > 1
)

SELECT
    profiles.platform,
    profiles.profile_id,
    profiles.snapshot_date,
    tiers.tier,
    told.earlier_snapshots,
    (profiles.followers - told.followers_7d) / CAST(nullif(told.followers_7d, 0) AS DOUBLE) AS followers_growth_7d,
    (profiles.followers - told.followers_30d) / CAST(nullif(told.followers_30d, 0) AS DOUBLE) AS followers_growth_30d,
    -- With fewer than three steps, none is an outlier.
    CASE WHEN told.steps >= 3 THEN told.max_daily_growth END AS max_daily_growth,
    CASE WHEN told.steps >= 3 THEN told.median_daily_growth END AS median_daily_growth,
    CASE
        WHEN told.steps >= 3 AND told.followers_after_step > told.followers_before_step THEN least(greatest(
            CAST(told.followers_after_step - profiles.followers AS DOUBLE)
            / (told.followers_after_step - told.followers_before_step), 0
        ), 1)
        WHEN told.steps >= 3 THEN 0
    END AS spike_reversal,
    CASE WHEN told.steps >= 3 THEN CAST(told.turned_over AS DOUBLE) / nullif(profiles.followers, 0) END
        AS following_turnover,
    CASE WHEN told.previous_handle <> profiles.handle THEN told.previous_handle END AS previous_handle
FROM profiles
JOIN told ON profiles.platform = told.platform AND profiles.profile_id = told.profile_id
JOIN tiers ON profiles.followers >= tiers.lowest AND (tiers.below IS NULL OR profiles.followers < tiers.below);
