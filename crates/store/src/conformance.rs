//! One suite for both databases: plain functions that take a [`World`] and know no dialect.
//!
//! SQLite always runs, a fresh file for each function. PostgreSQL runs in a private cluster (or in
//! `TEST_POSTGRES_URL`), a fresh database for each function; where neither is to be had the test
//! says so, and fails when `REQUIRE_POSTGRES=1`.

mod access;
mod agreements;
mod captures;
mod jobs;
mod keeping;
mod limits;
mod money;
mod operators;
mod order;
mod resealing;
mod sealing;
mod tariffs;
mod tokens;
mod verifications;
mod world;

use crate::testing::Cluster;
use world::World;

/// Names every function of the suite once: a test on SQLite each, and all of them on PostgreSQL.
macro_rules! suite {
    ($($module:ident :: $name:ident),+ $(,)?) => {
        mod on_sqlite {
            use super::World;
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    let folder = tempfile::tempdir().unwrap();
                    let world = World::sqlite(folder.path()).await;
                    super::$module::$name(&world).await;
                    world.pool.close().await;
                }
            )+
        }

        /// Runs everything on PostgreSQL and answers the names of what failed.
        async fn run_all(cluster: &Cluster) -> Vec<&'static str> {
            let mut failed = Vec::new();
            $(
                let name = stringify!($name);
                let world = World::postgres(cluster.database(name).await).await;
                let pool = world.pool.clone();
                // A task of its own, so that one failure does not hide the others.
                let done = tokio::spawn(async move { $module::$name(&world).await }).await;
                pool.close().await;
                if done.is_err() {
                    failed.push(name);
                }
                cluster.drop_database(name).await;
            )+
            failed
        }
    };
}

suite!(
    money::fifty_holds_against_funds_for_nine,
    money::a_hold_resolves_once,
    money::settling_takes_the_tier_of_that_moment,
    money::a_recharge_is_booked_once,
    money::an_account_and_an_app_are_made_once,
    tariffs::the_tariff_that_holds,
    tariffs::a_raised_price_is_taken_or_forgiven,
    tariffs::calls_cost_what_the_tiers_say,
    tariffs::entries_never_change,
    tariffs::billing_is_written_once,
    tariffs::days_add_up_under_many_writers,
    tariffs::records_of_a_day_by_its_index,
    money::creates_of_different_accounts_do_not_meet,
    jobs::twenty_jobs_claimed_by_forty,
    jobs::a_lost_lease_refuses_the_result,
    jobs::a_job_is_added_once_and_runs_when_due,
    jobs::jobs_are_given_back_and_given_up,
    tokens::an_access_token_outlives_its_successor_by_five_minutes,
    tokens::an_identity_key_starts_five_times_until_it_passed,
    tokens::a_nonce_is_accepted_once,
    tokens::an_idempotency_key_answers_the_same_and_works_once,
    verifications::a_mode_changes_while_it_is_open,
    verifications::a_verification_is_read_back_as_it_was_written,
    verifications::a_verification_closes_once,
    verifications::a_due_verification_is_taken_once,
    verifications::a_stale_transition_changes_nothing,
    verifications::another_app_learns_nothing,
    verifications::a_forgotten_verification_keeps_its_answer_only,
    captures::an_attempt_is_read_back_in_every_state,
    captures::an_attempt_ends_without_an_answer,
    captures::a_decision_is_computed_again_from_what_was_stored,
    captures::parts_are_idempotent,
    keeping::evidence_has_a_deadline,
    keeping::evidence_loses_its_key_first,
    keeping::a_person_is_replaced_under_the_same_number,
    keeping::a_person_is_known_to_one_tenant_and_can_be_deleted,
    access::secrets_rotate_and_are_revoked,
    access::an_account_opens_once_and_only_for_a_known_holder,
    access::an_app_is_granted_frozen_and_stands_accordingly,
    access::twenty_calls_against_a_quota_of_seven,
    access::address_ranges_are_replaced_as_a_whole,
    agreements::versions_are_published_once_and_the_last_is_the_newest,
    agreements::a_version_is_accepted_once_by_each_account,
    agreements::an_app_has_one_undecided_application,
    agreements::an_application_is_decided_once,
    agreements::applications_are_listed_by_account_and_state,
    agreements::a_space_on_the_list_is_not_removed,
    keeping::the_audit_chain_shows_tampering,
    keeping::audit_lines_of_many_writers_form_one_chain,
    resealing::after_a_rotation_the_newest_key_opens_everything,
    resealing::objects_with_a_row_are_told_from_those_without,
    sealing::a_moved_column_does_not_open,
    sealing::nothing_personal_is_stored_plain,
    sealing::a_row_that_does_not_parse_is_corrupt,
    sealing::a_changed_or_newer_schema_is_refused,
    limits::sixty_four_calls_against_nine_left,
    limits::blocks_shrink_near_the_end_and_come_back,
    limits::all_counters_or_none,
    limits::windows_are_counted_apart_and_forgotten,
    operators::an_operator_is_read_back_and_has_one_login,
    operators::operators_are_listed_in_pages,
    operators::the_last_active_owner_stays,
    operators::two_owners_cannot_disable_each_other,
    operators::a_sign_in_lives_until_something_ends_it,
    operators::a_sign_in_has_what_its_operator_has_now,
    operators::failed_sign_ins_add_up_and_lock,
    operators::an_account_token_is_valid_until_it_ends_or_is_revoked,
    operators::every_audit_chain_is_known_by_name,
    order::texts_and_ties_sort_alike,
    order::pages_follow_each_other_without_gap,
);

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn everything_on_postgres() {
    let Some(cluster) = Cluster::start_or_skip() else {
        return;
    };
    let failed = run_all(&cluster).await;
    cluster.remove().await;
    assert!(failed.is_empty(), "failed on PostgreSQL: {failed:?}");
}
