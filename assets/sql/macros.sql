-- Macros and named constants of the ranking model (docs/model.md); every SQL file may use them.

-- Sums run over integers, in millionths, so that they do not depend on the order of rows and threads.
CREATE OR REPLACE MACRO exact_sum(x) AS CAST(sum(CAST(round(1e6 * (x)) AS BIGINT)) AS DOUBLE) / 1e6;
CREATE OR REPLACE MACRO exact_mean(x) AS exact_sum(x) / nullif(count(x), 0);
CREATE OR REPLACE MACRO clamped(x, bound) AS greatest(least(x, bound), -(bound));
-- Averages come as floating point: one of less than a millionth is 0, so that no quotient is infinite.
CREATE OR REPLACE MACRO quotient(x, y) AS CASE WHEN (y) >= 1e-6 THEN (x) / (y) END;

-- Cells with fewer accounts than this use the platform's figures, then the published defaults.
CREATE OR REPLACE MACRO min_accounts() AS 20;
-- Posts count in full up to this distance from their account's median, in logs (Huber 1981).
CREATE OR REPLACE MACRO huber_bound() AS 1.5;
-- Variance of the log of a count from counting in whole numbers; the log is that of the count plus a half.
CREATE OR REPLACE MACRO counting_variance(log_count) AS 1 / (exp(log_count) + 0.5);
-- Huber's variance divides by the squared share of posts within the bound; its derivation assumes that most posts are.
CREATE OR REPLACE MACRO min_free_share() AS 0.5;
-- Degrees of freedom of the prior of an account's post variance: bounds of the estimate.
CREATE OR REPLACE MACRO min_post_df() AS 2;
CREATE OR REPLACE MACRO max_post_df() AS 100;
-- Standard deviation by the interquartile range, as of a normal distribution.
CREATE OR REPLACE MACRO robust_sd(x) AS (quantile_cont(x, 0.75) - quantile_cont(x, 0.25)) / 1.349;
-- Median of a squared standard normal variable, and the relative standard error of that median over n draws, times the
-- root of n.
CREATE OR REPLACE MACRO median_chi2() AS 0.4549;
CREATE OR REPLACE MACRO median_square_error() AS 2.33;
-- Standard deviation that slopes of tiers have around their platform's, and the platform's around 0.
CREATE OR REPLACE MACRO slope_sd() AS 0.15;
CREATE OR REPLACE MACRO ridge_slope(cross_products, ss, prior_slope) AS
    ((cross_products) + (prior_slope) / pow(slope_sd(), 2)) / ((ss) + 1 / pow(slope_sd(), 2));
-- Weight of an account in the size trend. It assumes a variance between accounts of 1/4, which is known only after it.
CREATE OR REPLACE MACRO trend_weight(noise) AS 1 / (0.25 + (noise));
-- An outlier's prior variance over that of other accounts.
CREATE OR REPLACE MACRO outlier_scale() AS 16;
-- Lower bound of the share of the total variance that accounts other than outliers have.
CREATE OR REPLACE MACRO min_core_share() AS 0.15;
-- Residuals count up to this many standard deviations in the moments of the account prior.
CREATE OR REPLACE MACRO residual_bound() AS 6;
-- Logs of ratios and of lifts end here, far beyond any account's, so that no exponential is infinite.
CREATE OR REPLACE MACRO exp_bounded(x) AS exp(clamped(x, 50));
-- Floor of every variance: it keeps equal posts, or equal accounts, from counting as certain.
CREATE OR REPLACE MACRO min_variance() AS 0.01;
-- Share of the movement between two halves of a window that a forecast of the next window misses.
CREATE OR REPLACE MACRO change_share() AS 0.75;
-- Assumed number of posts behind an average if the export does not state it.
CREATE OR REPLACE MACRO default_averaged_posts() AS 4;

-- Trigamma, and its inverse, to within 3 % from 0.4 on: (1 + sqrt(1 + 4 x^2)) / (2 x^2).
CREATE OR REPLACE MACRO trigamma(x) AS (1 + sqrt(1 + 4 * (x) * (x))) / (2 * (x) * (x));
CREATE OR REPLACE MACRO inverse_trigamma(y) AS sqrt(1 + (y)) / (y);
-- Log of the median of a chi-square variable over its degrees of freedom (Wilson and Hilferty 1931).
CREATE OR REPLACE MACRO log_chi2_median(df) AS 3 * ln(1 - 2 / (9 * (df)));
-- Log density of a centred normal variable, up to a constant.
CREATE OR REPLACE MACRO normal_logpdf(x, variance) AS -((x) * (x) / (variance) + ln(variance)) / 2;
-- Posterior mean and variance of a level whose prior is N(0, prior), given an observation of it with this noise.
CREATE OR REPLACE MACRO shrink(x, prior, noise) AS (x) * (prior) / ((prior) + (noise));
CREATE OR REPLACE MACRO shrunk_variance(prior, noise) AS (prior) * (noise) / ((prior) + (noise));

-- Share of accounts taken to buy likes before their posts are looked at, and the standard deviation of log engagement
-- of bought posts over that of others.
CREATE OR REPLACE MACRO bought_share() AS 0.02;
CREATE OR REPLACE MACRO bought_scale() AS 1 / 6.0;
-- Log density ratio of the squares of posts with known variance to those whose variance has a prior, up to a common
-- factor: normal posts, scaled inverse chi-square prior.
CREATE OR REPLACE MACRO log_even_odds(ss, df, variance, even_variance, prior_df) AS
    lgamma((prior_df) / 2.0) - lgamma(((prior_df) + (df)) / 2.0) - (prior_df) / 2.0 * ln((prior_df) * (variance))
    + ((prior_df) + (df)) / 2.0 * ln((prior_df) * (variance) + (ss))
    - (df) / 2.0 * ln(2 * (even_variance)) - (ss) / (2 * (even_variance));
CREATE OR REPLACE MACRO uniform_engagement(ss, df, post_variance, counting, prior_df) AS
    1 / (1 + (1 - bought_share()) / bought_share() * exp(-clamped(log_even_odds(
        ss, df, (post_variance) + (counting), pow(bought_scale(), 2) * (post_variance) + (counting), prior_df
    ), 700)));
