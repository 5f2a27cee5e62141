//! Notes on a merge request of a fake GitLab.

use ingest_action::http::client;
use ingest_action::publish::PublicationStatus::{Created, Failed, Skipped, Superseded, Unchanged, Updated};
use ingest_action::publish::gitlab::{GitLabNotes, MergeRequest};
use ingest_action::publish::{CommentRequest, Publication, publish_comment};
use ingest_action::secret::Secret;

use super::{NO_PAUSE, TOKEN, reason, request, status, token};
use crate::fakes::gitlab::{GitLab, error};
use crate::fakes::http::{Behaviour, Reply, Server};

async fn publish(gitlab: &GitLab, request: &CommentRequest) -> Publication {
    publish_as(gitlab, &token(), request).await
}

async fn publish_as(gitlab: &GitLab, token: &Secret, request: &CommentRequest) -> Publication {
    publish_in(gitlab, "42", token, request).await
}

async fn publish_in(gitlab: &GitLab, project: &str, token: &Secret, request: &CommentRequest) -> Publication {
    let merge_request = MergeRequest {
        api_url: gitlab.url().parse().expect("a URL"),
        project: project.to_owned(),
        iid: 7,
        page_url: Some("https://gitlab.com/shop/warehouse/-/merge_requests/7".parse().expect("a URL")),
    };
    let store = GitLabNotes::new(client(None).expect("a client"), merge_request, token).expect("a store");
    publish_comment(&store.with_patience(NO_PAUSE), request).await
}

async fn note_text(request: &CommentRequest) -> String {
    let gitlab = GitLab::start(TOKEN);
    publish(&gitlab, request).await;
    gitlab.notes()[0].body.clone()
}

fn writes(gitlab: &GitLab) -> usize {
    gitlab.requests().iter().filter(|request| request.method != "GET").count()
}

#[tokio::test]
async fn a_note_is_made_left_alone_and_updated_in_place() {
    let gitlab = GitLab::start(TOKEN);
    let first = publish(&gitlab, &request('a', "old")).await;
    assert_eq!(status(&first), Created);
    assert_eq!(first.url.as_deref(), Some("https://gitlab.com/shop/warehouse/-/merge_requests/7#note_501"));
    assert_eq!(status(&publish(&gitlab, &request('a', "old")).await), Unchanged);
    assert_eq!(writes(&gitlab), 1);
    assert_eq!(status(&publish(&gitlab, &CommentRequest { run_id: 200, ..request('b', "new") }).await), Updated);
    assert_eq!(status(&publish(&gitlab, &request('c', "late")).await), Superseded);
    assert_eq!(gitlab.notes().len(), 1);
    assert!(gitlab.notes()[0].body.ends_with("\nnew"));
}

#[tokio::test]
async fn a_project_is_addressed_by_its_path_where_the_number_is_not_known() {
    let gitlab = GitLab::start(TOKEN);
    let publication = publish_in(&gitlab, "shop/warehouse", &token(), &request('a', "report")).await;
    assert_eq!(status(&publication), Created);
}

#[tokio::test]
async fn our_note_is_found_on_a_later_page_and_a_foreign_one_is_left_alone() {
    let gitlab = GitLab::start(TOKEN);
    let text = note_text(&request('a', "old")).await;
    gitlab.add_note("mallory", &text);
    (0..250).for_each(|_| gitlab.add_note("alice", "hm"));
    gitlab.add_note(GitLab::USERNAME, &text);
    assert_eq!(status(&publish(&gitlab, &request('b', "new")).await), Updated);
    assert_eq!(gitlab.notes()[0].body, text);
    assert!(gitlab.notes()[251].body.ends_with("\nnew"));
}

#[tokio::test]
async fn the_job_token_is_told_why_it_cannot_write() {
    let gitlab = GitLab::start("another token");
    gitlab.restrict(TOKEN);
    let publication = publish(&gitlab, &request('a', "report")).await;
    assert_eq!(status(&publication), Skipped);
    let reason = reason(&publication);
    assert!(reason.contains("HTTP 403: The request requires higher privileges"), "{reason}");
    assert!(reason.contains("CI_JOB_TOKEN can only read them"), "{reason}");

    let unknown = publish_as(&gitlab, &Secret::new("unknown").expect("a token"), &request('a', "report")).await;
    assert_eq!(status(&unknown), Skipped);
    assert!(gitlab.notes().is_empty());
}

#[tokio::test]
async fn passing_trouble_at_each_method_is_survived_without_a_second_note() {
    for reply in [
        error(502, "502 Bad Gateway"),
        error(429, "Retry later").header("retry-after", "0"),
        Reply::text(200, "[{}]").behaviour(Behaviour::CutAfter(1)),
        Reply::empty(200).behaviour(Behaviour::CloseBeforeReply),
    ] {
        let gitlab = GitLab::start(TOKEN);
        gitlab.fail("GET", reply.clone());
        gitlab.fail("POST", reply.clone());
        gitlab.fail("PUT", reply.clone());
        assert_eq!(status(&publish(&gitlab, &request('a', "old")).await), Created, "{reply:?}");
        assert_eq!(status(&publish(&gitlab, &request('b', "new")).await), Updated, "{reply:?}");
        assert_eq!(gitlab.notes().len(), 1);
    }
}

#[tokio::test]
async fn a_listing_that_fails_writes_nothing() {
    let gitlab = GitLab::start(TOKEN);
    (0..3).for_each(|_| gitlab.fail("GET", error(500, "500 Internal Server Error")));
    let publication = publish(&gitlab, &request('a', "report")).await;
    assert_eq!(status(&publication), Failed);
    assert_eq!(reason(&publication), "could not list comments: HTTP 500: 500 Internal Server Error");
    assert_eq!(writes(&gitlab), 0);
}

#[tokio::test]
async fn a_note_that_is_too_long_is_refused_in_gitlabs_words() {
    let gitlab = GitLab::start(TOKEN);
    let publication = publish(&gitlab, &request('a', &"x".repeat(1_000_001))).await;
    assert_eq!(status(&publication), Failed);
    assert!(reason(&publication).contains("is too long (maximum is 1000000 characters)"), "{publication:?}");
}

#[tokio::test]
async fn the_token_is_not_carried_to_another_host() {
    let stranger = Server::start(|_| Reply::text(200, "[]"));
    let gitlab = GitLab::start(TOKEN);
    gitlab.fail("GET", Reply::redirect(302, &format!("{}/user", stranger.url())));
    let publication = publish(&gitlab, &request('a', "report")).await;
    assert_eq!(status(&publication), Failed);
    assert!(reason(&publication).contains("answers from another address"), "{publication:?}");
    assert!(stranger.requests().is_empty());
}
