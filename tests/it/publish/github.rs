//! Comments on a pull request of a fake GitHub.

use ingest_action::http::client;
use ingest_action::publish::PublicationStatus::{self, Created, Failed, Skipped, Superseded, Unchanged, Updated};
use ingest_action::publish::github::{GitHubComments, PullRequest};
use ingest_action::publish::store::StoreError;
use ingest_action::publish::{CommentRequest, Publication, publish_comment};
use ingest_action::secret::Secret;
use serde_json::json;

use super::{NO_PAUSE, TOKEN, reason, request, status, token};
use crate::fakes::github::{Fault, GitHub, TokenOf, error};
use crate::fakes::http::{Behaviour, Reply, Server};

const BOT: &str = "github-actions[bot]";
const FORBIDDEN: &str = "Resource not accessible by integration";

fn github() -> GitHub {
    GitHub::start(TOKEN, TokenOf::Workflow)
}

fn pull_request(url: &str) -> PullRequest {
    PullRequest { api_url: url.parse().expect("a URL"), repository: "shop/warehouse".to_owned(), number: 7 }
}

/// One run of the publish stage.
async fn publish(github: &GitHub, request: &CommentRequest) -> Publication {
    publish_to(&github.url(), request).await
}

async fn publish_to(url: &str, request: &CommentRequest) -> Publication {
    let client = client(None).expect("a client");
    let store = GitHubComments::new(client, pull_request(url), &token()).expect("a store");
    publish_comment(&store.with_patience(NO_PAUSE), request).await
}

fn fault(method: &'static str, on: &'static str, reply: Reply) -> Fault {
    Fault { method, on, reply, takes_effect: false }
}

/// The comment that a run leaves on an empty pull request, as text.
async fn comment_text(request: &CommentRequest) -> String {
    let github = github();
    publish(&github, request).await;
    github.comments()[0].body.clone()
}

/// Statuses of a run for which this one call goes wrong, on a pull request without and with an older comment of ours.
async fn statuses_when(method: &'static str, on: &'static str, reply: &Reply) -> [PublicationStatus; 2] {
    let (empty, used) = (github(), github());
    publish(&used, &request('a', "old")).await;
    for github in [&empty, &used] {
        github.fail(fault(method, on, reply.clone()));
    }
    let statuses =
        [publish(&empty, &request('b', "new")).await, publish(&used, &request('b', "new")).await].map(|p| status(&p));
    assert!(empty.comments().len() <= 1 && used.comments().len() == 1, "{method} {on}: a comment too many");
    statuses
}

#[tokio::test]
async fn first_run_posts_and_second_run_on_the_same_commit_makes_no_write() {
    let github = github();
    let first = publish(&github, &request('a', "# Lineage\n")).await;
    assert_eq!(status(&first), Created);
    assert_eq!(first.url.as_deref(), Some("https://github.com/shop/warehouse/pull/7#issuecomment-1001"));
    let text = github.comments()[0].body.clone();
    assert!(text.starts_with("<!-- ingest-action v=1 ") && text.ends_with(" -->\n# Lineage\n"), "{text}");

    let later_run = CommentRequest { run_id: 101, ..request('a', "# Lineage\n") };
    let second = publish(&github, &later_run).await;
    assert_eq!((status(&second), &second.url), (Unchanged, &first.url));
    assert_eq!(github.writes(), ["POST /repos/shop/warehouse/issues/7/comments"]);
}

#[tokio::test]
async fn a_new_commit_updates_the_comment_in_place() {
    let github = github();
    publish(&github, &request('a', "old")).await;
    let update = publish(&github, &CommentRequest { run_id: 101, ..request('b', "new") }).await;
    assert_eq!(status(&update), Updated);
    assert_eq!(github.comments().len(), 1);
    assert!(github.comments()[0].body.ends_with("\nnew"));
    assert_eq!(github.writes()[1..], ["PATCH /repos/shop/warehouse/issues/comments/1001"]);
}

#[tokio::test]
async fn a_new_report_on_the_same_commit_updates_the_comment() {
    let github = github();
    publish(&github, &request('a', "old")).await;
    assert_eq!(status(&publish(&github, &request('a', "new")).await), Updated);
}

#[tokio::test]
async fn a_new_commit_with_the_same_report_moves_the_comment_to_that_commit() {
    let github = github();
    publish(&github, &request('a', "same")).await;
    assert_eq!(status(&publish(&github, &request('b', "same")).await), Updated);
    assert!(github.comments()[0].body.contains(&format!("head={}", "b".repeat(40))));
}

#[tokio::test]
async fn an_earlier_run_that_is_repeated_on_the_same_commit_may_report_anew() {
    let github = github();
    publish(&github, &CommentRequest { run_id: 101, ..request('a', "the catalog was down") }).await;
    let repeated = CommentRequest { run_attempt: 2, ..request('a', "ingested") };
    assert_eq!(status(&publish(&github, &repeated).await), Updated);
}

#[tokio::test]
async fn an_older_run_leaves_the_comment_of_a_newer_run_alone() {
    let github = github();
    publish(&github, &CommentRequest { run_id: 101, ..request('b', "newer") }).await;
    let late = publish(&github, &request('a', "older")).await;
    assert_eq!(status(&late), Superseded);
    assert!(reason(&late).contains("later run"));
    assert!(late.url.is_some());
    assert_eq!(github.writes().len(), 1);
    let repeated = CommentRequest { run_id: 101, run_attempt: 2, ..request('c', "newest") };
    assert_eq!(status(&publish(&github, &repeated).await), Updated, "a later attempt is newer");
}

#[tokio::test]
async fn our_comment_is_found_on_page_seven_of_nine() {
    let github = github();
    let ours = comment_text(&request('a', "old")).await;
    for number in 0..850 {
        let author = match number {
            3 => None,
            _ => Some("alice"),
        };
        github.add_comment(if number == 650 { Some(BOT) } else { author }, if number == 650 { &ours } else { "hm" });
    }
    assert_eq!(status(&publish(&github, &request('b', "new")).await), Updated);
    assert_eq!(github.comments().len(), 850);
    assert!(github.comments()[650].body.ends_with("\nnew"));
    let pages = github.requests().into_iter().filter(|request| request.path.ends_with("/7/comments")).count();
    assert_eq!(pages, 9);
}

#[tokio::test]
async fn a_foreign_comment_with_our_marker_is_left_alone() {
    let newer = CommentRequest { run_id: 999_999, ..request('f', "all is well") };
    let forged = comment_text(&newer).await;
    for author in [Some("mallory"), None] {
        let github = github();
        github.add_comment(author, &forged);
        assert_eq!(status(&publish(&github, &request('a', "breaks")).await), Created);
        assert_eq!(github.comments()[0].body, forged);
        assert_eq!(github.comments()[1].author.as_deref(), Some(BOT));
        assert_eq!(status(&publish(&github, &request('a', "breaks")).await), Unchanged);
    }
}

#[tokio::test]
async fn a_marker_quoted_further_down_is_no_marker() {
    let github = github();
    let quoted = format!("> a bot says\n{}", comment_text(&request('a', "old")).await);
    github.add_comment(Some(BOT), &quoted);
    assert_eq!(status(&publish(&github, &request('a', "old")).await), Created);
}

#[tokio::test]
async fn with_a_personal_token_only_the_persons_own_comment_is_ours() {
    let github = GitHub::start(TOKEN, TokenOf::Person("Ada"));
    github.add_comment(Some(BOT), &comment_text(&request('a', "old")).await);
    assert_eq!(status(&publish(&github, &request('a', "old")).await), Created);
    assert_eq!(github.comments()[1].author.as_deref(), Some("Ada"));
    assert_eq!(status(&publish(&github, &request('b', "new")).await), Updated);
    assert_eq!(github.comments().len(), 2);
}

#[tokio::test]
async fn a_person_whose_name_is_withheld_gets_no_comment_that_could_not_be_found_again() {
    let github = GitHub::start(TOKEN, TokenOf::Person("Ada"));
    github.fail(fault("GET", "/user", error(403, "Resource protected by organization SAML enforcement.")));
    assert_eq!(status(&publish(&github, &request('a', "report")).await), Skipped);
    assert!(github.writes().is_empty());
}

#[tokio::test]
async fn the_workflows_own_token_is_known_by_its_prefix_without_a_request() {
    let github = GitHub::start("ghs_4711", TokenOf::Workflow);
    let token = Secret::new("ghs_4711").expect("a token");
    let store = GitHubComments::new(client(None).expect("a client"), pull_request(&github.url()), &token);
    let store = store.expect("a store").with_patience(NO_PAUSE);
    assert_eq!(status(&publish_comment(&store, &request('a', "old")).await), Created);
    assert_eq!(status(&publish_comment(&store, &request('b', "new")).await), Updated);
    assert!(github.requests().iter().all(|request| request.path != "/user"));
}

#[tokio::test]
async fn another_bots_comment_that_cannot_be_written_is_left_and_ours_is_made() {
    let github = github();
    github.add_comment(Some("other-app[bot]"), &comment_text(&request('a', "old")).await);
    github.fail(fault("PATCH", "/comments/1001", error(403, FORBIDDEN)));
    assert_eq!(status(&publish(&github, &request('b', "new")).await), Created);
    assert!(github.comments()[0].body.ends_with("\nold"));
}

#[tokio::test]
async fn of_two_comments_of_ours_the_oldest_is_kept_up_to_date() {
    let github = github();
    let text = comment_text(&request('a', "old")).await;
    github.add_comment(Some(BOT), &text);
    github.add_comment(Some(BOT), &text);
    assert_eq!(status(&publish(&github, &request('b', "new")).await), Updated);
    assert!(github.comments()[0].body.ends_with("\nnew") && github.comments()[1].body == text);
}

#[tokio::test]
async fn comments_with_different_ids_live_side_by_side() {
    let github = github();
    let named = |id: &str| CommentRequest { comment_id: id.to_owned(), ..request('a', "report") };
    for id in ["", "finance", "--> <b>evil"] {
        assert_eq!(status(&publish(&github, &named(id)).await), Created, "{id}");
        assert_eq!(status(&publish(&github, &named(id)).await), Unchanged, "{id}");
    }
    assert_eq!(github.comments().len(), 3);
}

#[tokio::test]
async fn without_anything_to_say_no_comment_is_made_and_an_old_one_is_brought_up_to_date() {
    let github = github();
    let quiet = |digit| CommentRequest { create_if_absent: false, ..request(digit, "nothing changed") };
    assert_eq!(status(&publish(&github, &quiet('a')).await), Skipped);
    assert!(github.writes().is_empty());
    publish(&github, &request('a', "breaks")).await;
    assert_eq!(status(&publish(&github, &quiet('b')).await), Updated);
}

#[tokio::test]
async fn a_read_only_token_is_told_the_permission_that_it_lacks() {
    let github = github();
    github.fail(fault("POST", "/comments", error(403, FORBIDDEN)));
    let publication = publish(&github, &request('a', "report")).await;
    assert_eq!(status(&publication), Skipped);
    let reason = reason(&publication);
    assert!(reason.contains("HTTP 403: Resource not accessible by integration"), "{reason}");
    assert!(reason.contains("permissions: {contents: read, pull-requests: write}"), "{reason}");
    assert!(github.comments().is_empty());
}

#[tokio::test]
async fn a_fork_cannot_update_and_is_skipped() {
    let github = github();
    publish(&github, &request('a', "old")).await;
    github.fail(fault("PATCH", "/comments", error(403, FORBIDDEN)));
    github.fail(fault("POST", "/comments", error(403, FORBIDDEN)));
    assert_eq!(status(&publish(&github, &request('b', "new")).await), Skipped);
    assert_eq!(github.comments().len(), 1);
}

#[tokio::test]
async fn a_wrong_token_is_skipped_with_advice() {
    let github = GitHub::start("another token", TokenOf::Workflow);
    let publication = publish(&github, &request('a', "report")).await;
    assert_eq!(status(&publication), Skipped);
    assert!(reason(&publication).contains("HTTP 401: Bad credentials; the token is not valid"));
}

#[tokio::test]
async fn refusals_at_each_call_are_named_and_leave_no_second_comment() {
    let locked = error(403, "Unable to create comment because issue is locked.");
    for (reply, listing, creating, updating) in [
        (error(403, FORBIDDEN), Skipped, Skipped, Created),
        (locked, Skipped, Skipped, Created),
        (error(404, "Not Found"), Skipped, Skipped, Created),
        (error(410, "This issue was deleted"), Skipped, Skipped, Created),
        (error(422, "Validation Failed"), Failed, Failed, Failed),
        (error(307, "Moved"), Failed, Failed, Failed),
    ] {
        let case = reply.status;
        assert_eq!(statuses_when("GET", "/7/comments", &reply).await, [listing; 2], "GET {case}");
        assert_eq!(statuses_when("POST", "/7/comments", &reply).await, [creating, Updated], "POST {case}");
        // A comment that we may not write is not ours to write: a new one is made.
        let used = github();
        publish(&used, &request('a', "old")).await;
        used.fail(fault("PATCH", "/comments/1001", reply));
        assert_eq!(status(&publish(&used, &request('b', "new")).await), updating, "PATCH {case}");
    }
}

#[tokio::test]
async fn passing_trouble_at_each_call_is_survived_without_a_second_comment() {
    let cut = Reply::json(200, &json!([])).behaviour(Behaviour::CutAfter(1));
    for reply in [
        error(429, "You have exceeded a secondary rate limit").header("retry-after", "0"),
        error(403, "You have exceeded a secondary rate limit").header("retry-after", "0"),
        error(502, "Server Error"),
        Reply::text(503, "<html>unicorn</html>"),
        Reply::empty(200).behaviour(Behaviour::CloseBeforeReply),
        cut,
        Reply::text(200, "<html>not the API</html>"),
    ] {
        let case = format!("{} {:?}", reply.status, reply.behaviour);
        if reply.status != 200 || !matches!(reply.behaviour, Behaviour::Whole) {
            assert_eq!(statuses_when("GET", "/user", &reply).await, [Created, Updated], "user {case}");
            assert_eq!(statuses_when("GET", "/7/comments", &reply).await, [Created, Updated], "GET {case}");
        }
        assert_eq!(statuses_when("POST", "/7/comments", &reply).await, [Created, Updated], "POST {case}");
        assert_eq!(statuses_when("PATCH", "/comments/1001", &reply).await, [Created, Updated], "PATCH {case}");
    }
}

#[tokio::test]
async fn a_listing_that_fails_on_a_later_page_writes_nothing() {
    for reply in [error(502, "Server Error"), Reply::empty(200).behaviour(Behaviour::CloseBeforeReply)] {
        let github = github();
        (0..150).for_each(|_| github.add_comment(Some("alice"), "hm"));
        (0..3).for_each(|_| github.fail(fault("GET", "page=2", reply.clone())));
        let publication = publish(&github, &request('a', "report")).await;
        assert_eq!(status(&publication), Failed);
        assert!(reason(&publication).starts_with("could not list comments: "), "{publication:?}");
        assert!(github.writes().is_empty());
    }
}

#[tokio::test]
async fn a_page_that_is_not_the_apis_json_writes_nothing() {
    let github = github();
    github.fail(fault("GET", "/7/comments", Reply::text(200, "<html>log in</html>")));
    let publication = publish(&github, &request('a', "report")).await;
    assert_eq!(status(&publication), Failed);
    assert!(reason(&publication).contains("the answer cannot be read"), "{publication:?}");
    assert!(github.writes().is_empty());
}

#[tokio::test]
async fn a_post_that_arrived_behind_a_502_is_not_repeated() {
    for reply in [error(502, "Server Error"), Reply::empty(201).behaviour(Behaviour::CloseBeforeReply)] {
        let github = github();
        github.fail(Fault { takes_effect: true, ..fault("POST", "/comments", reply) });
        let publication = publish(&github, &request('a', "report")).await;
        assert_eq!(status(&publication), Created);
        assert!(publication.url.is_some());
        assert_eq!(github.comments().len(), 1);
        assert_eq!(github.writes().len(), 1);
    }
}

#[tokio::test]
async fn a_post_that_never_arrives_is_tried_twice_and_reported() {
    let github = github();
    (0..9).for_each(|_| github.fail(fault("POST", "/comments", error(502, "Server Error"))));
    let publication = publish(&github, &request('a', "report")).await;
    assert_eq!(status(&publication), Failed);
    assert_eq!(reason(&publication), "could not write the comment: HTTP 502: Server Error");
    assert_eq!(github.writes().len(), 2);
}

#[tokio::test]
async fn a_second_post_that_arrived_unseen_counts_as_made() {
    let github = github();
    github.fail(fault("POST", "/comments", error(502, "Server Error")));
    github.fail(Fault { takes_effect: true, ..fault("POST", "/comments", error(502, "Server Error")) });
    assert_eq!(status(&publish(&github, &request('a', "report")).await), Created);
    assert_eq!(github.comments().len(), 1);
}

#[tokio::test]
async fn a_rate_limit_that_asks_for_hours_is_not_waited_for() {
    let github = github();
    let limited = error(429, "API rate limit exceeded").header("retry-after", "7200");
    github.fail(fault("POST", "/comments", limited));
    let publication = publish(&github, &request('a', "report")).await;
    assert_eq!(status(&publication), Failed);
    assert!(reason(&publication).contains("asks to wait 7200 s"), "{publication:?}");
    assert_eq!(github.writes().len(), 1);
}

#[tokio::test]
async fn a_body_of_sixty_kilobytes_is_taken_and_a_longer_one_is_refused_in_githubs_words() {
    let github = github();
    assert_eq!(status(&publish(&github, &request('a', &"x".repeat(60_000))).await), Created);
    let publication = publish(&github, &request('b', &"x".repeat(70_000))).await;
    assert_eq!(status(&publication), Failed);
    let reason = reason(&publication);
    assert!(reason.contains("HTTP 422: Validation Failed Body is too long (maximum is 65536 characters)"), "{reason}");
}

#[tokio::test]
async fn a_server_that_echoes_the_token_does_not_make_us_print_it() {
    let github = github();
    github.fail(fault("POST", "/comments", error(422, &format!("bad header Bearer {TOKEN}"))));
    let publication = publish(&github, &request('a', "report")).await;
    assert!(reason(&publication).contains("bad header Bearer ***"), "{publication:?}");

    let odd = Reply::json(200, &json!([{ "id": TOKEN }]));
    github.fail(fault("GET", "/7/comments", odd));
    assert!(reason(&publish(&github, &request('a', "report")).await).contains("***"));
}

#[tokio::test]
async fn the_token_is_not_carried_to_another_host() {
    let stranger = Server::start(|_| Reply::json(200, &json!([])));
    for status_code in [301, 302, 307, 308] {
        let github = github();
        let elsewhere = Reply::redirect(status_code, &format!("{}/x", stranger.url()));
        github.fail(fault("GET", "/7/comments", elsewhere));
        let publication = publish(&github, &request('a', "report")).await;
        assert_eq!(status(&publication), Failed);
        assert!(reason(&publication).contains("answers from another address"), "{publication:?}");
        assert!(github.writes().is_empty());
    }
    assert!(stranger.requests().is_empty());
}

#[tokio::test]
async fn a_host_that_links_to_another_host_does_not_get_the_token_sent_there() {
    let stranger = Server::start(|_| Reply::json(200, &json!([])));
    let link = format!("<{}/next>; rel=\"next\"", stranger.url());
    let github = github();
    github.fail(fault("GET", "/7/comments", Reply::json(200, &json!([])).header("link", &link)));
    assert_eq!(status(&publish(&github, &request('a', "report")).await), Created);
    assert!(stranger.requests().is_empty());
}

#[tokio::test]
async fn an_enterprise_server_is_addressed_below_its_path() {
    let server = Server::start(|request| match request.path.as_str() {
        "/api/v3/user" => Reply::json(200, &json!({ "login": "ada", "type": "User" })),
        "/api/v3/repos/shop/warehouse/issues/7/comments" if request.method == "GET" => Reply::json(200, &json!([])),
        "/api/v3/repos/shop/warehouse/issues/7/comments" => Reply::json(201, &json!({ "id": 1, "body": "x" })),
        _ => error(404, "Not Found"),
    });
    let with_slash = format!("{}/api/v3/", server.url());
    for url in [format!("{}/api/v3", server.url()), with_slash] {
        assert_eq!(status(&publish_to(&url, &request('a', "report")).await), Created);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_failure_in_words() {
    let url = Server::start(|_| Reply::empty(200)).url();
    let publication = publish_to(&url, &request('a', "report")).await;
    assert_eq!(status(&publication), Failed);
    assert_eq!(reason(&publication), "could not list comments: no connection");
}

#[tokio::test]
async fn a_token_with_a_line_break_is_refused_before_anything_is_sent() {
    let github = github();
    let token = Secret::new("tok\r\nx-evil: 1").expect("a token");
    let store = GitHubComments::new(client(None).expect("a client"), pull_request(&github.url()), &token);
    assert!(matches!(store, Err(StoreError::Unusable { what: "the GitHub token" })));
    assert!(github.requests().is_empty());
}
