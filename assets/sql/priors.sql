-- What is known of a platform × tier before looking at an account: the typical log ratio of an account of its size,
-- how far accounts lie from it, and how an account's posts lie around its own. docs/model.md has the formulas.
--
-- Inputs: engagement, tiers, default_priors. What under 20 accounts of a cell would tell is its platform's instead, and
-- what its platform cannot tell either is the default. Sums are over integers (millionths), and quantiles need none, so
-- that no figure depends on the order of rows or threads.

WITH many_posts AS (
    SELECT
        platform,
        tier,
        CAST(round(1e6 * log_within_squares) AS BIGINT) AS log_squares,
        CAST(round(1e6 * mean_squares) AS BIGINT) AS mean_squares,
        CAST(round(1e6 * mean_log_products) AS BIGINT) AS products,
        log_of_mean - log_ratio AS distance,
        CAST(round(1e6 * (1 - 1.0 / log_count)) AS BIGINT) AS part
    FROM engagement
    -- Counts under some twenty lie unevenly in logs by being counts, and the fewer the less.
    WHERE log_of_mean IS NOT NULL AND log_count >= 5 AND counting_variance <= 0.06
),

-- How far posts lie from their mean log ratio, from their mean ratio, and from both. A platform is the tier '*'.
level_sums AS (
    SELECT
        platform,
        scope,
        count(*) AS accounts,
        CAST(sum(log_squares) AS DOUBLE) AS log_squares,
        CAST(sum(mean_squares) AS DOUBLE) AS mean_squares,
        CAST(sum(products) AS DOUBLE) AS products,
        CAST(sum(distance) AS DOUBLE) / sum(part) AS mean_offset
    FROM (
        SELECT many_posts.*, tier AS scope FROM many_posts
        UNION ALL
        SELECT many_posts.*, '*' AS scope FROM many_posts
    ) AS scoped_posts
    GROUP BY platform, scope
),

-- The share that makes the level surest, less where that hardly gains: chance and few posts look like a little of it.
gains AS (
    SELECT
        level_sums.*,
        log_squares - products AS surplus,
        log_squares + mean_squares - 2 * products AS contrast
    FROM level_sums
    WHERE accounts >= 20 AND log_squares > 0
),

shares AS (
    SELECT
        platform,
        scope,
        mean_offset,
        mean_share,
        (log_squares - 2 * mean_share * surplus + mean_share * mean_share * contrast) / log_squares AS level_variance
    FROM (
        SELECT
            gains.*,
            CASE
                WHEN surplus > 0 AND contrast > 0
                    THEN least(surplus / contrast, 1) * greatest(1 - 0.1 * log_squares * contrast / surplus / surplus, 0)
                ELSE 0
            END AS mean_share
        FROM gains
    ) AS chosen
),

accounts AS (
    SELECT
        platform,
        tier,
        sample_basis = 'posts' AS has_posts,
        ln(followers) AS size,
        log_count AS posts,
        log_ratio / 1e6 AS average,
        log_median / 1e6 AS middle,
        log_highest / 1e6 AS highest,
        ln(engagement_ratio_mean + 0.5 / followers) AS log_mean,
        averaged_posts,
        -- Of the deviations of posts, squared, what an even rise or fall explains, and the rest of them.
        CASE WHEN has_trend THEN age_log_products * age_log_products / age_squares END AS trend,
        log_within_squares - CASE WHEN has_trend THEN age_log_products * age_log_products / age_squares ELSE 0 END AS squares,
        log_count - CASE WHEN has_trend THEN 2 ELSE 1 END AS freedom,
        log_bend_squares AS bend,
        -- Ages in units of 90 days.
        age_mean / 90 AS age,
        age_squares / 8100 AS age_squares,
        counting_variance AS counting,
        -- Of counts under some twenty the median is a step, and the mean of logs tells the level better.
        sample_basis = 'posts' AND counting_variance > 0.06 AS is_counted,
        -- Variance of a median over that of one normal value.
        CASE
            WHEN log_count <= 2 THEN 1.0
            WHEN log_count % 2 = 1 THEN 1.57 - 0.6 / log_count
            ELSE 1.57 - 1.1 / log_count
        END / log_count AS middle_share
    FROM (SELECT engagement.*, log_count > 2 AND age_squares > 0 AS has_trend FROM engagement) AS engagement
    WHERE log_count > 0
),

-- An account's variance between posts, put right so that its median over accounts, which viral posts hardly move, is
-- what a mean without them would be.
varied AS (
    SELECT
        accounts.*,
        CASE WHEN freedom > 0 THEN squares / freedom / pow(1 - 2.0 / (9 * freedom), 3) - counting END AS variance
    FROM accounts
),

-- A platform as a whole is the tier '*'.
scoped AS (
    SELECT tier AS scope, varied.* FROM varied
    UNION ALL
    SELECT '*' AS scope, varied.* FROM varied
),

-- What lies on a straight line of the posts' ages, and on a bend, beyond chance.
drifts AS (
    SELECT
        platform,
        scope,
        CAST(sum(CAST(round(1e6 * (trend - chance)) AS BIGINT)) AS DOUBLE) / 1e6 AS surplus,
        sqrt(CAST(sum(CAST(round(1e6 * pow(trend - chance, 2)) AS BIGINT)) AS DOUBLE) / 1e6) AS surplus_error,
        greatest(CAST(sum(CAST(round(1e6 * (bend - chance)) AS BIGINT)) AS DOUBLE) / 1e6, 1e-6) AS bend_surplus,
        CAST(sum(CAST(round(1e6 * age_squares) AS BIGINT)) AS DOUBLE) / 1e6 AS age_squares,
        sum(posts) AS posts,
        count(*) AS accounts
    FROM (SELECT scoped.*, greatest(squares - bend, 0) / (freedom - 1) AS chance FROM scoped WHERE bend IS NOT NULL) AS bent
    GROUP BY platform, scope
),

-- Accounts that rise or fall do so along a line. Posts that share the luck of their days bend as well, and the more
-- alike the shorter it lasts: then no line tells of today, and what a window's posts share is no part of the level.
moves AS (
    SELECT
        platform,
        scope,
        greatest(surplus - 2 * bend_surplus, 0) / age_squares AS drift_variance,
        least(surplus * surplus / bend_surplus, 4 * bend_surplus) / posts AS wave_variance,
        least(surplus, 2 * bend_surplus) / (posts - accounts) AS wave_within
    FROM drifts
    -- Either counts once it stands out of chance.
    WHERE surplus > 2.5 * surplus_error
),

sizes AS (
    SELECT
        platform,
        scope,
        count(*) AS accounts,
        count(CASE WHEN has_posts THEN 1 END) AS accounts_with_posts,
        count(CASE WHEN posts >= 5 THEN 1 END) AS accounts_with_many,
        CAST(sum(CAST(round(1e6 * size) AS BIGINT)) AS DOUBLE) / 1e6 / count(*) AS mean_size,
        count(CASE WHEN posts >= 2 THEN 1 END) AS accounts_with_some,
        median(CASE WHEN posts >= 5 THEN variance END) AS variance_of_many,
        median(CASE WHEN posts >= 2 THEN variance END) AS variance_of_some
    FROM scoped
    GROUP BY platform, scope
),

scales AS (
    SELECT
        sizes.platform,
        sizes.scope,
        sizes.accounts,
        sizes.accounts_with_posts,
        sizes.mean_size,
        sizes.accounts_with_many >= 20 AS has_own,
        greatest(
            CASE
                WHEN sizes.accounts_with_many >= 20 THEN sizes.variance_of_many
                WHEN whole.accounts_with_many >= 20 THEN whole.variance_of_many
                WHEN sizes.accounts_with_some >= 20 THEN sizes.variance_of_some
                WHEN whole.accounts_with_some >= 20 THEN whole.variance_of_some
                ELSE default_priors.within_variance
            END
            + coalesce(CASE WHEN sizes.accounts_with_many >= 20 THEN moves.wave_within ELSE whole_moves.wave_within END, 0),
            0.01
        ) AS within_variance
    FROM sizes
    JOIN sizes AS whole ON sizes.platform = whole.platform AND whole.scope = '*'
    LEFT JOIN moves ON sizes.platform = moves.platform AND sizes.scope = moves.scope
    LEFT JOIN moves AS whole_moves ON sizes.platform = whole_moves.platform AND whole_moves.scope = '*'
    JOIN default_priors ON default_priors.tier = '*'
),

scattered AS (
    SELECT
        scoped.*,
        highest - middle > 3 * sqrt(within_variance + counting) AS is_viral,
        highest - middle AS excess,
        -- Of small counts the median is a step, and of an even number of posts a mean.
        counting <= 0.02 AND posts % 2 = 1 AND highest - middle <= 3 * sqrt(within_variance + counting)
            AS tells_offset,
        ln(greatest(squares, 1e-6) / freedom / (within_variance + counting)) AS log_spread,
        -- The variance of the log of a chi-square of so many degrees of freedom.
        2.0 / freedom + 2.0 / (freedom * freedom) AS chance_spread
    FROM scoped
    JOIN scales ON scoped.platform = scales.platform AND scoped.scope = scales.scope
    WHERE scoped.posts >= 5
),

post_moments AS (
    SELECT
        platform,
        scope,
        pow((quantile_cont(log_spread, 0.75) - quantile_cont(log_spread, 0.25)) / 1.349, 2)
        - CAST(sum(CAST(round(1e6 * chance_spread) AS BIGINT)) AS DOUBLE) / 1e6 / count(*) AS spread_variance,
        CAST(count(CASE WHEN is_viral THEN 1 END) AS DOUBLE) AS viral,
        sum(posts) AS posts,
        CAST(sum(CASE WHEN is_viral THEN CAST(round(1e6 * excess) AS BIGINT) END) AS DOUBLE) / 1e6 AS excess,
        CAST(sum(CASE WHEN is_viral THEN CAST(round(1e6 * excess * excess) AS BIGINT) END) AS DOUBLE) / 1e6
            AS excess_squares,
        CASE
            WHEN count(CASE WHEN tells_offset THEN 1 END) >= 20
                THEN
                    CAST(sum(CASE WHEN tells_offset THEN CAST(round(1e6 * posts * (middle - average)) AS BIGINT) END) AS DOUBLE)
                    / 1e6 / sum(CASE WHEN tells_offset THEN posts END)
        END AS median_offset,
        CAST(sum(CAST(round(1e6 * posts * (log_mean - middle)) AS BIGINT)) AS DOUBLE) / 1e6 / sum(posts) AS average_offset
    FROM scattered
    GROUP BY platform, scope
),

-- How posts lie around an account's own level, from the cell, its platform or the default.
own_posts AS (
    SELECT
        scales.platform,
        scales.scope,
        2 / greatest(post_moments.spread_variance, 0.02) + 1 AS within_freedom,
        coalesce(moves.drift_variance, 0) AS drift_variance,
        coalesce(moves.wave_variance, 0) AS wave_variance,
        -- As many lie beyond three deviations by chance.
        greatest(post_moments.viral / post_moments.posts - 0.0015, 1e-4) AS viral_share,
        CASE WHEN post_moments.viral >= 5 THEN post_moments.excess / post_moments.viral END AS viral_lift,
        CASE
            WHEN post_moments.viral >= 5 THEN greatest(
                post_moments.excess_squares / post_moments.viral - pow(post_moments.excess / post_moments.viral, 2), 0.1
            )
        END AS viral_variance,
        post_moments.median_offset,
        post_moments.average_offset
    FROM scales
    JOIN post_moments ON scales.platform = post_moments.platform AND scales.scope = post_moments.scope
    LEFT JOIN moves ON scales.platform = moves.platform AND scales.scope = moves.scope
    WHERE scales.has_own
),

known_posts AS (
    SELECT
        scales.*,
        coalesce(own.within_freedom, whole.within_freedom, default_priors.within_freedom) AS within_freedom,
        coalesce(own.drift_variance, whole.drift_variance, 0) AS drift_variance,
        coalesce(own.wave_variance, whole.wave_variance, 0) AS wave_variance,
        coalesce(own.viral_share, whole.viral_share, default_priors.viral_share) AS viral_share,
        coalesce(own.viral_lift, whole.viral_lift, default_priors.viral_lift) AS viral_lift,
        coalesce(own.viral_variance, whole.viral_variance, default_priors.viral_variance) AS viral_variance,
        coalesce(own.median_offset, whole.median_offset, 0) AS median_offset,
        -- What the mean of a log-normal value has over its median.
        coalesce(own.average_offset, whole.average_offset, scales.within_variance / 2) AS average_offset
    FROM scales
    LEFT JOIN own_posts AS own ON scales.platform = own.platform AND scales.scope = own.scope
    LEFT JOIN own_posts AS whole ON scales.platform = whole.platform AND whole.scope = '*'
    JOIN default_priors ON default_priors.tier = '*'
),

-- Averages say where accounts lie only where posts do not.
placed AS (
    SELECT
        *,
        has_posts OR accounts_with_posts < 20 AS is_fitted,
        1 / (0.25 + noise) AS weight
    FROM (
        SELECT
            scoped.platform,
            scoped.scope,
            scoped.size,
            scoped.has_posts,
            scoped.posts,
            CASE WHEN scoped.has_posts THEN ln(scoped.posts) ELSE 0 END AS frequency,
            -- As the estimate takes it: drawn towards what is usual, and without a post that went viral.
            CASE
                WHEN NOT scoped.has_posts OR scoped.freedom <= 0 THEN NULL
                WHEN scoped.highest - scoped.middle > 3 * sqrt(known_posts.within_variance + scoped.counting)
                    THEN ln(
                        (
                            known_posts.within_freedom
                            + greatest(
                                scoped.squares
                                - pow(scoped.highest - scoped.average, 2) * scoped.posts / greatest(scoped.posts - 1, 1),
                                0
                            ) / (known_posts.within_variance + scoped.counting)
                        ) / (known_posts.within_freedom + scoped.freedom - 1)
                    )
                ELSE ln(
                    (known_posts.within_freedom + scoped.squares / (known_posts.within_variance + scoped.counting))
                    / (known_posts.within_freedom + scoped.freedom)
                )
            END AS spread,
            scoped.freedom / (known_posts.within_freedom + scoped.freedom) AS spread_share,
            scoped.freedom AS posts_freedom,
            known_posts.within_freedom,
            scoped.posts >= 5 AND scoped.counting <= 0.06 AS tells_spread,
            scoped.average + known_posts.median_offset AS average,
            scoped.squares,
            scoped.freedom,
            -- How far the median lies from the mean of logs, where nothing else has drawn them apart.
            CASE
                WHEN
                    scoped.posts >= 5 AND NOT scoped.is_counted
                    AND scoped.highest - scoped.middle <= 3 * sqrt(known_posts.within_variance + scoped.counting)
                    THEN scoped.middle - scoped.average - known_posts.median_offset
            END AS distance,
            known_posts.accounts_with_posts,
            known_posts.within_variance,
            CASE
                WHEN scoped.is_counted OR scoped.posts <= 2 AND scoped.has_posts
                    THEN scoped.average + known_posts.median_offset
                WHEN scoped.has_posts THEN scoped.middle
                ELSE scoped.average - known_posts.average_offset
            END AS level,
            CASE
                WHEN scoped.has_posts
                    THEN
                        CASE WHEN scoped.is_counted THEN 1.0 / scoped.posts ELSE scoped.middle_share END
                        * (known_posts.within_variance + scoped.counting)
                        + known_posts.drift_variance * scoped.age * scoped.age
                        + known_posts.wave_variance
                WHEN scoped.averaged_posts > 0
                    THEN ln(1 + (exp(known_posts.within_variance) - 1) / scoped.averaged_posts) + known_posts.wave_variance
                -- An average of nobody knows how many posts counts for four, as long as nothing else is known of it.
                ELSE known_posts.within_variance / 4
            END AS noise
        FROM scoped
        JOIN known_posts ON scoped.platform = known_posts.platform AND scoped.scope = known_posts.scope
    ) AS levels
),

line_sums AS (
    SELECT
        platform,
        scope,
        count(*) AS fitted,
        CAST(sum(CAST(round(1e6 * weight) AS BIGINT)) AS DOUBLE) / 1e6 AS w,
        CAST(sum(CAST(round(1e6 * weight * size) AS BIGINT)) AS DOUBLE) / 1e6 AS wx,
        CAST(sum(CAST(round(1e6 * weight * level) AS BIGINT)) AS DOUBLE) / 1e6 AS wy,
        CAST(sum(CAST(round(1e6 * weight * frequency) AS BIGINT)) AS DOUBLE) / 1e6 AS wf,
        CAST(sum(CAST(round(1e6 * weight * size * size) AS BIGINT)) AS DOUBLE) / 1e6 AS wxx,
        CAST(sum(CAST(round(1e6 * weight * size * level) AS BIGINT)) AS DOUBLE) / 1e6 AS wxy
    FROM placed
    WHERE is_fitted
    GROUP BY platform, scope
),

deviations AS (
    SELECT
        *,
        wxx - wx * wx / w AS size_squares,
        wxy - wx * wy / w AS size_products
    FROM line_sums
),

lines AS (
    SELECT
        deviations.platform,
        deviations.scope,
        deviations.fitted,
        deviations.wx / deviations.w AS centre,
        deviations.wy / deviations.w AS height,
        deviations.wf / deviations.w AS log_posts,
        -- A tier's slope is drawn towards its platform's, and that towards none, as if they lay 0.15 apart; of a few
        -- accounts alone it would be chance.
        (
            deviations.size_products
            + CASE WHEN deviations.scope = '*' THEN 0 ELSE 44 * whole.size_products / (whole.size_squares + 44) END
        ) / (deviations.size_squares + 44) AS slope
    FROM deviations
    JOIN deviations AS whole ON deviations.platform = whole.platform AND whole.scope = '*'
),

spreading AS (
    SELECT
        platform,
        scope,
        -- Of as many posts as make an account's own variance: of fewer it is drawn towards none.
        sum(CAST(round(1e6 * weight * spread) AS BIGINT)) / sum(CAST(round(1e6 * weight * spread_share) AS BIGINT))
            AS log_spread,
        CAST(sum(CAST(round(
            1e6 * posts * exp(spread) / (1 - 1 / (posts_freedom + within_freedom))
        ) AS BIGINT)) AS DOUBLE) / 1e6 / sum(posts) AS mean_spread
    FROM placed
    WHERE tells_spread AND spread IS NOT NULL
    GROUP BY platform, scope
),

distances AS (
    SELECT
        placed.*,
        placed.level - lines.height - lines.slope * (placed.size - lines.centre) AS level_distance,
        placed.average - lines.height - lines.slope * (placed.size - lines.centre) AS average_distance,
        CASE WHEN placed.has_posts THEN placed.frequency - lines.log_posts ELSE 0 END AS many,
        placed.spread - spreading.log_spread * placed.spread_share AS wide
    FROM placed
    JOIN lines ON placed.platform = lines.platform AND placed.scope = lines.scope
    LEFT JOIN spreading ON placed.platform = spreading.platform AND placed.scope = spreading.scope
),

-- Who posts more may be engaged with more, or less: the mean of logs tells so, which on average does not depend on how
-- many posts it is of.
frequency_sums AS (
    SELECT
        platform,
        CAST(sum(CAST(round(1e6 * weight * many * many) AS BIGINT)) AS DOUBLE) / 1e6 AS squares,
        CAST(sum(CAST(round(1e6 * weight * many * average_distance) AS BIGINT)) AS DOUBLE) / 1e6 AS products,
        sqrt(CAST(sum(CAST(round(1e6 * pow(weight * many * average_distance, 2)) AS BIGINT)) AS DOUBLE) / 1e6) AS error
    FROM distances
    WHERE scope <> '*' AND is_fitted
    GROUP BY platform
),

frequencies AS (
    SELECT platform, CASE WHEN abs(products) > 4 * error THEN products / (squares + 44) ELSE 0 END AS posts_slope
    FROM frequency_sums
),

-- And so may accounts whose posts scatter more. Where posts lie unevenly chance does the like, the less the more posts
-- there are: of the slope a part is told by 1 / posts, and left out.
spread_sums AS (
    SELECT
        platform,
        CAST(sum(CAST(round(1e6 * weight * wide * wide) AS BIGINT)) AS DOUBLE) / 1e6 AS whole,
        CAST(sum(CAST(round(1e6 * weight * wide * wide / posts) AS BIGINT)) AS DOUBLE) / 1e6 AS mixed,
        CAST(sum(CAST(round(1e6 * weight * wide * wide / posts / posts) AS BIGINT)) AS DOUBLE) / 1e6 AS chance
    FROM distances
    WHERE scope <> '*' AND is_fitted AND tells_spread AND wide IS NOT NULL
    GROUP BY platform
),

spread_slopes AS (
    SELECT
        platform,
        -- Engaging and even is what bought likes look like: it says nothing of other accounts.
        CASE WHEN products > 5 * error THEN least(products, 1) ELSE 0 END AS spread_slope
    FROM (
        SELECT
            platform,
            det,
            CAST(sum(CAST(round(1e6 * share * level_distance) AS BIGINT)) AS DOUBLE) / 1e6 / det AS products,
            sqrt(CAST(sum(CAST(round(1e6 * pow(share * level_distance, 2)) AS BIGINT)) AS DOUBLE) / 1e6) / det AS error
        FROM (
            SELECT
                distances.platform,
                distances.level_distance,
                distances.weight * distances.wide * (spread_sums.chance / spread_sums.mixed - 1.0 / distances.posts) AS share,
                spread_sums.whole * spread_sums.chance / spread_sums.mixed - spread_sums.mixed AS det
            FROM distances
            JOIN spread_sums ON distances.platform = spread_sums.platform
            WHERE
                distances.scope <> '*' AND distances.is_fitted AND distances.tells_spread AND distances.wide IS NOT NULL
                -- Of accounts of one number of posts the two cannot be told apart.
                AND spread_sums.mixed * spread_sums.mixed < 0.98 * spread_sums.whole * spread_sums.chance
        ) AS shared
        GROUP BY platform, det
    ) AS told
),

residuals AS (
    SELECT
        distances.*,
        level_distance - coalesce(frequencies.posts_slope * many, 0) - coalesce(spread_slopes.spread_slope * wide, 0)
            AS residual,
        pow(residual, 2) AS square
    FROM distances
    LEFT JOIN frequencies ON distances.platform = frequencies.platform
    LEFT JOIN spread_slopes ON distances.platform = spread_slopes.platform
),

-- Where posts lie far out on both sides the median is surer of the level than the mean of logs: what draws it away from
-- the mean then is no part of its own error.
median_sums AS (
    SELECT
        platform,
        scope,
        count(*) AS accounts,
        CAST(sum(CAST(round(1e6 * posts * distance * distance) AS BIGINT)) AS DOUBLE) / 1e6 AS squares,
        CAST(sum(CAST(round(1e6 * posts * distance * (distance - residual)) AS BIGINT)) AS DOUBLE) / 1e6 AS products,
        sqrt(CAST(sum(CAST(round(1e6 * pow(posts * distance * residual, 2)) AS BIGINT)) AS DOUBLE) / 1e6) AS error,
        CAST(sum(CAST(round(1e6 * squares) AS BIGINT)) AS DOUBLE) / 1e6 / sum(freedom) AS variance,
        within_variance
    FROM residuals
    WHERE distance IS NOT NULL
    GROUP BY platform, scope, within_variance
),

median_shares AS (
    SELECT
        platform,
        scope,
        median_share,
        CASE
            WHEN median_share > 0
                THEN least(greatest((variance - median_share * median_share * squares / accounts) / within_variance, 0.3), 1)
            ELSE 1
        END AS level_variance
    FROM (
        SELECT
            median_sums.*,
            -- A share counts once it stands out of chance.
            CASE WHEN products > 4 * error THEN least(products / squares, 1) ELSE 0 END AS median_share
        FROM median_sums
        WHERE accounts >= 200 AND squares > 0 AND variance > 0
    ) AS chosen
),

spreads AS (
    SELECT
        platform,
        scope,
        -- A floor keeps a cell of near equal accounts from ignoring what an account shows.
        greatest(
            CAST(sum(CAST(round(
                1e6 * weight * weight * (least(square, 36 / weight) - noise)
            ) AS BIGINT)) AS DOUBLE)
            / sum(CAST(round(1e6 * weight * weight) AS BIGINT)),
            0.01
        ) AS between_variance
    FROM residuals
    WHERE is_fitted
    GROUP BY platform, scope
),

tails AS (
    SELECT
        residuals.platform,
        residuals.scope,
        median(residuals.noise) AS noise,
        -- 1 where accounts are normal, less where some lie far out. 0.4549: the median of a chi-square.
        least(median(residuals.square / (spreads.between_variance + residuals.noise)) / 0.4549 + 2 / sqrt(count(*)), 1)
            AS narrowing
    FROM residuals
    JOIN spreads ON residuals.platform = spreads.platform AND residuals.scope = spreads.scope
    WHERE residuals.is_fitted
    GROUP BY residuals.platform, residuals.scope
),

cores AS (
    SELECT
        spreads.platform,
        spreads.scope,
        spreads.between_variance,
        greatest(
            tails.narrowing * (spreads.between_variance + tails.noise) - tails.noise, 0.15 * spreads.between_variance
        ) AS core_variance
    FROM spreads
    JOIN tails ON spreads.platform = tails.platform AND spreads.scope = tails.scope
),

average_spreads AS (
    SELECT
        residuals.platform,
        residuals.scope,
        CAST(sum(CAST(round(1e6 * least(residuals.square, 36 * spreads.between_variance + 4)) AS BIGINT)) AS DOUBLE)
        / 1e6 / count(*) - spreads.between_variance AS average_variance
    FROM residuals
    JOIN spreads ON residuals.platform = spreads.platform AND residuals.scope = spreads.scope
    WHERE NOT residuals.has_posts AND NOT residuals.is_fitted
    GROUP BY residuals.platform, residuals.scope, spreads.between_variance
    HAVING count(*) >= 20
),

observed AS (
    SELECT
        known_posts.*,
        lines.centre,
        lines.height,
        lines.slope,
        lines.log_posts,
        coalesce(frequencies.posts_slope, 0) AS posts_slope,
        coalesce(spreading.log_spread, 0) AS log_spread,
        coalesce(spreading.mean_spread, 1) AS mean_spread,
        coalesce(spread_slopes.spread_slope, 0) AS spread_slope,
        lines.fitted,
        -- The wide part has four times the deviation of the core; together they have the variance observed.
        cores.between_variance > 0.01
        AND (cores.between_variance - cores.core_variance) / (15 * cores.core_variance) > 0.002 AS is_heavy,
        cores.between_variance,
        cores.core_variance,
        CASE
            WHEN average_spreads.average_variance IS NOT NULL THEN least(
                greatest(average_spreads.average_variance, known_posts.within_variance / 12), known_posts.within_variance
            )
        END AS average_variance
    FROM known_posts
    JOIN lines ON known_posts.platform = lines.platform AND known_posts.scope = lines.scope
    LEFT JOIN frequencies ON known_posts.platform = frequencies.platform
    LEFT JOIN spreading ON known_posts.platform = spreading.platform AND known_posts.scope = spreading.scope
    LEFT JOIN spread_slopes ON known_posts.platform = spread_slopes.platform
    JOIN cores ON known_posts.platform = cores.platform AND known_posts.scope = cores.scope
    LEFT JOIN average_spreads
        ON known_posts.platform = average_spreads.platform AND known_posts.scope = average_spreads.scope
),

cells AS (
    SELECT platforms.platform, tiers.tier
    FROM (SELECT DISTINCT platform FROM engagement) AS platforms
    CROSS JOIN tiers
),

-- Which of the two tells the level beside the mean of logs: the surer.
surest AS (
    SELECT
        told.*,
        median_share > 0 AND drift_variance = 0 AND (mean_share = 0 OR median_variance < level_variance) AS is_median
    FROM (
        SELECT
            cells.platform,
            cells.tier,
            coalesce(own_share.mean_share, whole_share.mean_share, 0) AS mean_share,
            coalesce(own_share.mean_offset, whole_share.mean_offset, 0) AS mean_offset,
            coalesce(own_share.level_variance, whole_share.level_variance, 1) AS level_variance,
            coalesce(own_median.median_share, whole_median.median_share, 0) AS median_share,
            coalesce(own_median.level_variance, whole_median.level_variance, 1) AS median_variance,
            coalesce(cell.drift_variance, whole.drift_variance, 0) AS drift_variance
        FROM cells
        LEFT JOIN shares AS own_share ON cells.platform = own_share.platform AND cells.tier = own_share.scope
        LEFT JOIN shares AS whole_share ON cells.platform = whole_share.platform AND whole_share.scope = '*'
        LEFT JOIN median_shares AS own_median ON cells.platform = own_median.platform AND cells.tier = own_median.scope
        LEFT JOIN median_shares AS whole_median ON cells.platform = whole_median.platform AND whole_median.scope = '*'
        LEFT JOIN known_posts AS cell ON cells.platform = cell.platform AND cells.tier = cell.scope
        LEFT JOIN known_posts AS whole ON cells.platform = whole.platform AND whole.scope = '*'
    ) AS told
)

SELECT
    cells.platform,
    cells.tier,
    CASE WHEN own.scope IS NOT NULL THEN 'tier' WHEN whole.scope IS NOT NULL THEN 'platform' ELSE 'published' END AS basis,
    coalesce(cell.accounts, 0) AS accounts,
    coalesce(
        own.height,
        whole.height + whole.slope * (coalesce(cell.mean_size, whole.centre) - whole.centre),
        ln(tier_default.typical_ratio)
    ) AS log_typical,
    coalesce(own.centre, cell.mean_size, whole.centre, 0) AS log_followers,
    coalesce(own.slope, whole.slope, 0) AS slope,
    coalesce(own.log_posts, whole.log_posts, 0) AS log_posts,
    coalesce(own.posts_slope, whole.posts_slope, 0) AS posts_slope,
    coalesce(own.log_spread, whole.log_spread, 0) AS log_spread,
    coalesce(own.mean_spread, whole.mean_spread, 1) AS mean_spread,
    coalesce(own.spread_slope, whole.spread_slope, 0) AS spread_slope,
    CASE
        WHEN own.is_heavy THEN own.core_variance
        WHEN own.scope IS NOT NULL THEN own.between_variance
        WHEN whole.is_heavy THEN whole.core_variance
        WHEN whole.scope IS NOT NULL THEN whole.between_variance
        ELSE tier_default.between_variance
    END AS between_variance,
    CASE
        WHEN coalesce(own.is_heavy, whole.is_heavy, false) THEN
            (coalesce(own.between_variance, whole.between_variance) - coalesce(own.core_variance, whole.core_variance))
            / (15 * coalesce(own.core_variance, whole.core_variance))
        ELSE 0
    END AS far_share,
    coalesce(cell.within_variance, whole_posts.within_variance, default_priors.within_variance) AS within_variance,
    CASE WHEN surest.is_median THEN 0 ELSE surest.mean_share END AS mean_share,
    surest.mean_offset,
    CASE WHEN surest.is_median THEN 1 ELSE surest.level_variance END AS level_variance,
    CASE WHEN surest.is_median THEN surest.median_share ELSE 0 END AS median_share,
    surest.median_variance,
    coalesce(cell.within_freedom, whole_posts.within_freedom, default_priors.within_freedom) AS within_freedom,
    surest.drift_variance,
    coalesce(cell.wave_variance, whole_posts.wave_variance, 0) AS wave_variance,
    coalesce(cell.viral_share, whole_posts.viral_share, default_priors.viral_share) AS viral_share,
    coalesce(cell.viral_lift, whole_posts.viral_lift, default_priors.viral_lift) AS viral_lift,
    coalesce(cell.viral_variance, whole_posts.viral_variance, default_priors.viral_variance) AS viral_variance,
    coalesce(cell.median_offset, whole_posts.median_offset, 0) AS median_offset,
    coalesce(cell.average_offset, whole_posts.average_offset, default_priors.within_variance / 2) AS average_offset,
    coalesce(
        own.average_variance,
        whole.average_variance,
        coalesce(cell.within_variance, whole_posts.within_variance, default_priors.within_variance) / 4
    ) AS average_variance
FROM cells
JOIN surest ON cells.platform = surest.platform AND cells.tier = surest.tier
LEFT JOIN known_posts AS cell ON cells.platform = cell.platform AND cells.tier = cell.scope
LEFT JOIN known_posts AS whole_posts ON cells.platform = whole_posts.platform AND whole_posts.scope = '*'
LEFT JOIN observed AS own ON cells.platform = own.platform AND cells.tier = own.scope AND own.fitted >= 20
LEFT JOIN observed AS whole ON cells.platform = whole.platform AND whole.scope = '*' AND whole.fitted >= 20
LEFT JOIN default_priors AS tier_default ON cells.tier = tier_default.tier
JOIN default_priors ON default_priors.tier = '*'
ORDER BY cells.platform, cells.tier;
