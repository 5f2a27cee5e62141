//! `read`: what CI hands over, from whole clones to no checkout at all.

use ingest_action::changes::{ChangesError, read};
use ingest_action::platform::context::{ChangeRequest, Forge, RunContext, Trigger};
use ingest_action::platform::local;
use ingest_action::revision::{BaseRevision, CommitId, HeadRevision};
use ingest_action::source::{ChangeSet, ListedBy, Unreadable};

use super::forge::{Behaviour, FakeForge};
use super::repository::Repository;
use super::{changed, content, text, told};

/// A repository as a forge has it: `main` moved on after `topic` left it, and the merge of both is kept for the pull
/// request.
struct Hosted {
    repository: Repository,
    /// Where the branch left.
    left: CommitId,
    /// Tip of `main`.
    main: CommitId,
    /// Tip of `topic`.
    topic: CommitId,
    /// `refs/pull/7/merge`.
    merge: CommitId,
}

impl Hosted {
    fn new() -> Self {
        let repository = Repository::new();
        for number in 0..5 {
            repository.write(&format!("views/kept_{number}.sql"), format!("select {number}"));
        }
        repository.write("views/edited.sql", "select 'old'");
        repository.write("views/gone.sql", "select 'gone'");
        repository.write("views/moved.sql", "select 'moved'");
        let left = repository.commit("start");
        repository.git(&["checkout", "--quiet", "-b", "topic"]);
        repository.write("views/edited.sql", "select 'new'");
        repository.remove("views/gone.sql");
        repository.git(&["mv", "views/moved.sql", "moved.sql"]);
        let topic = repository.commit("the change");
        repository.git(&["checkout", "--quiet", "main"]);
        repository.write("views/later.sql", "select 'later'");
        let main = repository.commit("main moved on");
        repository.git(&["checkout", "--quiet", "--detach"]);
        repository.git(&["merge", "--quiet", "--no-ff", "-m", "merge", topic.as_str()]);
        let merge = repository.head();
        repository.git(&["update-ref", "refs/pull/7/merge", merge.as_str()]);
        repository.git(&["update-ref", "refs/pull/7/head", topic.as_str()]);
        repository.git(&["checkout", "--quiet", "main"]);
        Self { repository, left, main, topic, merge }
    }

    /// The run of a pull request that states the commit where it left as its base, as GitHub does when `main` moves on.
    fn pull_request(&self) -> RunContext {
        let request = ChangeRequest {
            number: 7,
            head: self.topic.clone(),
            base: Some(self.left.clone()),
            target_branch: Some("main".to_owned()),
            from_fork: false,
            abandoned: false,
        };
        let context = run(Trigger::ChangeRequest(request));
        RunContext { checked_out: Some(self.merge.clone()), ..context }
    }

    /// The same pull request on a runner that checked out `main`.
    fn pull_request_target(&self) -> RunContext {
        RunContext { checked_out: None, ..self.pull_request() }
    }
}

const THE_CHANGE: [&str; 3] =
    ["Renamed views/moved.sql -> moved.sql", "Modified views/edited.sql", "Removed views/gone.sql"];

fn run(trigger: Trigger) -> RunContext {
    let some_commit = CommitId::parse(&"1".repeat(40)).expect("an id");
    let context = local::context(some_commit);
    RunContext { forge: Forge::GitHub, repository: "shop/warehouse".to_owned(), trigger, ..context }
}

fn push(before: Option<&CommitId>, after: &CommitId) -> RunContext {
    let branch = Some("topic".to_owned());
    run(Trigger::Push { before: before.cloned(), after: after.clone(), branch, to_default_branch: false })
}

async fn read_in(clone: &Repository, context: &RunContext) -> ChangeSet {
    read(context, &clone.options(), None).await.expect("read")
}

/// A folder that is no repository: a job without checkout.
fn nowhere() -> (tempfile::TempDir, ingest_action::changes::ChangesOptions) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = Repository::new().options();
    options.workspace = folder.path().to_path_buf();
    (folder, options)
}

#[tokio::test]
async fn a_shallow_merge_commit_is_compared_with_its_first_parent() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    let changes = read_in(&clone, &hosted.pull_request()).await;
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(changes.listed_by, ListedBy::MergeParent);
    assert_eq!(changes.base, BaseRevision(hosted.main.clone()));
    assert_eq!(changes.head, HeadRevision::Commit(hosted.topic.clone()));
    assert_eq!(text(&changes.base_tree, "views/gone.sql"), "select 'gone'");
    assert_eq!(text(&changes.head_tree, "views/edited.sql"), "select 'new'");
    assert!(changes.head_tree.sql.keys().any(|path| path.as_str() == "views/later.sql"));
}

#[tokio::test]
async fn nothing_of_the_checkout_is_changed_by_reading() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    let before =
        [clone.git(&["for-each-ref"]), clone.git(&["status", "--porcelain"]), clone.git(&["config", "-l", "--local"])];
    read_in(&clone, &hosted.pull_request()).await;
    let after =
        [clone.git(&["for-each-ref"]), clone.git(&["status", "--porcelain"]), clone.git(&["config", "-l", "--local"])];
    assert_eq!(before, after);
}

#[tokio::test]
async fn a_whole_clone_of_the_head_is_compared_with_the_merge_base() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.topic, &[]);
    clone.git(&["fetch", "--quiet", "origin", "main:refs/remotes/origin/main"]);
    let changes = read_in(&clone, &hosted.pull_request_target()).await;
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!((changes.base, changes.listed_by), (BaseRevision(hosted.left), ListedBy::GitDiff));
}

#[tokio::test]
async fn on_pull_request_target_the_change_is_read_though_the_target_branch_is_checked_out() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.main, &["--depth=1"]);
    let changes = read_in(&clone, &hosted.pull_request_target()).await;
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(changes.head, HeadRevision::Commit(hosted.topic.clone()));
    assert_eq!(clone.head(), hosted.main, "nothing is checked out");
}

#[tokio::test]
async fn without_origin_the_base_comes_through_the_api() {
    let hosted = Hosted::new();
    let (fake, reader) = FakeForge::start(&hosted.repository, Forge::GitHub, Behaviour::default()).await;
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    let changes = read(&hosted.pull_request(), &clone.options(), Some(&reader)).await.expect("read");
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(changes.listed_by, ListedBy::ForgeApi);
    assert_eq!(text(&changes.base_tree, "views/gone.sql"), "select 'gone'");
    assert_eq!(told(&changes), Vec::<String>::new());
    // Only what is not in the clone: two files that differ.
    assert_eq!(fake.asked("/git/blobs/"), 2);
}

#[tokio::test]
async fn without_any_checkout_both_sides_come_through_the_api() {
    let hosted = Hosted::new();
    let (_fake, reader) = FakeForge::start(&hosted.repository, Forge::GitHub, Behaviour::default()).await;
    let (_folder, options) = nowhere();
    for context in [hosted.pull_request(), hosted.pull_request_target()] {
        let changes = read(&context, &options, Some(&reader)).await.expect("read");
        assert_eq!(changed(&changes), THE_CHANGE);
        assert_eq!(text(&changes.head_tree, "views/kept_3.sql"), "select 3");
        assert_eq!(text(&changes.base_tree, "views/moved.sql"), "select 'moved'");
    }
}

#[tokio::test]
async fn a_tree_that_the_api_cuts_is_read_folder_by_folder() {
    let hosted = Hosted::new();
    let behaviour = Behaviour { tree_limit: Some(8), ..Behaviour::default() };
    let (_fake, reader) = FakeForge::start(&hosted.repository, Forge::GitHub, behaviour).await;
    let (_folder, options) = nowhere();
    let changes = read(&hosted.pull_request(), &options, Some(&reader)).await.expect("read");
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(changes.head_tree.sql.len(), 8);
}

#[tokio::test]
async fn an_api_that_stumbles_is_asked_again_and_one_missing_file_costs_only_itself() {
    let hosted = Hosted::new();
    let lost = hosted.repository.git(&["rev-parse", &format!("{}:views/kept_1.sql", hosted.main)]);
    let lost: &'static str = lost.leak();
    let failures = vec![("/git/trees/", 502, 2), ("/git/commits/", 429, 1), (lost, 404, 9)];
    let behaviour = Behaviour { failures, ..Behaviour::default() };
    let (_fake, reader) = FakeForge::start(&hosted.repository, Forge::GitHub, behaviour).await;
    let (_folder, options) = nowhere();
    let changes = read(&hosted.pull_request(), &options, Some(&reader)).await.expect("read");
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(content(&changes.head_tree, "views/kept_1.sql"), &Err(Unreadable::MissingObject));
    assert_eq!(text(&changes.head_tree, "views/kept_2.sql"), "select 2");
    assert_eq!(told(&changes), ["views/kept_1.sql: its content is not in this clone (partial clone)"]);
}

#[tokio::test]
async fn a_tree_that_cannot_be_listed_is_an_error_and_not_an_empty_side() {
    let hosted = Hosted::new();
    let behaviour = Behaviour { failures: vec![("/git/trees/", 500, 99)], ..Behaviour::default() };
    let (_fake, reader) = FakeForge::start(&hosted.repository, Forge::GitHub, behaviour).await;
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    clone.git(&["remote", "remove", "origin"]);
    let error = read(&hosted.pull_request(), &clone.options(), Some(&reader)).await.expect_err("no base");
    assert!(matches!(error, ChangesError::BaseUnreadable { .. }), "{error}");
    assert!(error.to_string().contains("500"), "{error}");
}

#[tokio::test]
async fn a_base_that_no_one_has_is_an_error_with_the_lines_to_paste() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    clone.git(&["remote", "remove", "origin"]);
    let error = read(&hosted.pull_request(), &clone.options(), None).await.expect_err("no base");
    assert!(error.to_string().starts_with(&format!("the base {} cannot be read", hosted.main)), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.contains("        with:\n          fetch-depth: 0\n")), "{error:?}");
    let mut context = hosted.pull_request();
    context.forge = Forge::GitLab;
    let error = read(&context, &clone.options(), None).await.expect_err("no base");
    assert!(error.hint().is_some_and(|hint| hint.contains("GIT_DEPTH: \"0\"")), "{error:?}");
}

#[tokio::test]
async fn a_partial_clone_gets_the_blobs_that_it_lacks_in_one_go() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--filter=blob:none"]);
    let changes = read_in(&clone, &hosted.pull_request()).await;
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(text(&changes.base_tree, "views/gone.sql"), "select 'gone'");
    assert_eq!(told(&changes), Vec::<String>::new());
}

#[tokio::test]
async fn a_partial_clone_without_origin_misses_blobs_one_by_one() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--filter=blob:none"]);
    clone.git(&["remote", "set-url", "origin", "file:///nowhere/at/all"]);
    let changes = read_in(&clone, &hosted.pull_request()).await;
    assert_eq!(changed(&changes), THE_CHANGE);
    assert_eq!(content(&changes.base_tree, "views/gone.sql"), &Err(Unreadable::MissingObject));
    assert_eq!(content(&changes.base_tree, "views/edited.sql"), &Err(Unreadable::MissingObject));
    assert_eq!(text(&changes.head_tree, "views/edited.sql"), "select 'new'");
    assert_eq!(told(&changes).len(), 2);
}

#[tokio::test]
async fn a_push_compares_before_with_after() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.main, &["--depth=1"]);
    let changes = read_in(&clone, &push(Some(&hosted.left), &hosted.main)).await;
    assert_eq!(changed(&changes), ["Added views/later.sql"]);
}

#[tokio::test]
async fn a_new_branch_compares_with_the_point_where_it_left_the_default_branch() {
    let hosted = Hosted::new();
    hosted.repository.git(&["checkout", "--quiet", "topic"]);
    hosted.repository.write("second.sql", "select 2");
    let tip = hosted.repository.commit("a second commit");
    let (_fake, reader) = FakeForge::start(&hosted.repository, Forge::GitHub, Behaviour::default()).await;
    let shallow = Repository::checkout(&hosted.repository, &tip, &["--depth=1"]);
    let changes = read(&push(None, &tip), &shallow.options(), Some(&reader)).await.expect("read");
    assert_eq!(changes.base, BaseRevision(hosted.left.clone()));
    assert_eq!(changed(&changes).len(), 4);
    let whole = Repository::checkout(&hosted.repository, &tip, &[]);
    whole.git(&["fetch", "--quiet", "origin", "main:refs/remotes/origin/main"]);
    let changes = read_in(&whole, &push(None, &tip)).await;
    assert_eq!(changes.base, BaseRevision(hosted.left.clone()));
}

#[tokio::test]
async fn a_new_branch_of_which_nothing_else_is_known_shows_its_last_commit_and_says_so() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.topic, &["--depth=1"]);
    let changes = read_in(&clone, &push(None, &hosted.topic)).await;
    assert_eq!(changed(&changes), THE_CHANGE);
    assert!(told(&changes)[0].contains("only its last commit is compared"), "{:?}", told(&changes));
}

#[tokio::test]
async fn the_very_first_commit_has_an_empty_base_and_a_shallow_one_has_not() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.left, &["--depth=1"]);
    let changes = read_in(&clone, &push(None, &hosted.left)).await;
    assert_eq!(changed(&changes).len(), 8);
    assert!(changes.base_tree.sql.is_empty());
    let shallow = Repository::checkout(&hosted.repository, &hosted.main, &["--depth=1"]);
    shallow.git(&["remote", "remove", "origin"]);
    let read = read(&push(None, &hosted.main), &shallow.options(), None).await;
    assert!(matches!(read, Err(ChangesError::BaseUnreadable { .. })), "{read:?}");
}

#[tokio::test]
async fn a_merge_group_compares_its_two_ends_and_a_run_by_hand_compares_nothing() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    let group = run(Trigger::MergeGroup { base: hosted.main.clone(), head: hosted.merge.clone() });
    assert_eq!(changed(&read_in(&clone, &group).await), THE_CHANGE);
    let changes = read_in(&clone, &run(Trigger::Manual { head: hosted.merge.clone() })).await;
    assert_eq!(changed(&changes), Vec::<String>::new());
    assert_eq!(changes.head_tree.sql.len(), 8);
}

#[tokio::test]
async fn a_gitlab_merge_request_is_compared_with_the_base_that_gitlab_states() {
    let hosted = Hosted::new();
    for number in 0..120 {
        hosted.repository.write(&format!("many/{number:03}.sql"), format!("select {number}"));
    }
    hosted.repository.git(&["checkout", "--quiet", "-b", "many"]);
    let head = hosted.repository.commit("many files");
    let (fake, reader) = FakeForge::start(&hosted.repository, Forge::GitLab, Behaviour::default()).await;
    let mut context = hosted.pull_request();
    context.forge = Forge::GitLab;
    context.checked_out = Some(head.clone());
    let Trigger::ChangeRequest(request) = &mut context.trigger else { panic!("a change request") };
    (request.head, request.base) = (head, Some(hosted.main.clone()));
    let (_folder, options) = nowhere();
    let changes = read(&context, &options, Some(&reader)).await.expect("read");
    assert_eq!(changes.changed.len(), 120);
    assert_eq!(text(&changes.head_tree, "many/119.sql"), "select 119");
    assert_eq!(fake.asked("/repository/tree"), 3, "one page for base, two for head");
}

#[tokio::test]
async fn a_merge_request_merged_by_gitlab_is_compared_with_its_first_parent() {
    let hosted = Hosted::new();
    let clone = Repository::checkout(&hosted.repository, &hosted.merge, &["--depth=1"]);
    let mut context = hosted.pull_request();
    context.forge = Forge::GitLab;
    let changes = read_in(&clone, &context).await;
    assert_eq!((changed(&changes), changes.listed_by), (THE_CHANGE.map(str::to_owned).to_vec(), ListedBy::MergeParent));
}

#[tokio::test]
async fn a_wrong_token_is_an_error_that_does_not_show_it() {
    let hosted = Hosted::new();
    let (_fake, mut reader) = FakeForge::start(&hosted.repository, Forge::GitHub, Behaviour::default()).await;
    reader.token = ingest_action::secret::Secret::new("wrong-token-5678");
    let (_folder, options) = nowhere();
    let error = read(&hosted.pull_request(), &options, Some(&reader)).await.expect_err("refused");
    assert!(error.to_string().contains("401"), "{error}");
    assert!(!format!("{error} {error:?} {reader:?}").contains("wrong-token-5678"));
}
