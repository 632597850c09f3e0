/** REST bodies, held by the compiler to GitHub's own description of them. */

import type { components } from "@octokit/openapi-types";
import type { Runner } from "./runners.ts";
import { type Artifact, expired, type Job, newest, type Repository, type Run } from "./state.ts";

type Schemas = components["schemas"];

export function artifactPayload(apiUrl: string, artifact: Artifact): Schemas["artifact"] {
  const { run } = artifact;
  const url = `${repositoryUrl(apiUrl, run.repository)}/actions/artifacts/${artifact.id}`;
  return {
    id: artifact.id,
    node_id: nodeId("Artifact", artifact.id),
    name: artifact.name,
    size_in_bytes: artifact.size,
    url,
    archive_download_url: `${url}/zip`,
    expired: expired(artifact),
    digest: artifact.digest,
    created_at: seconds(artifact.createdAt),
    updated_at: seconds(artifact.createdAt),
    expires_at: seconds(artifact.expiresAt),
    workflow_run: {
      id: run.id,
      repository_id: run.repository.id,
      head_repository_id: run.headRepository.id,
      head_branch: run.headBranch,
      head_sha: run.headSha,
    },
  };
}

export function runPayload(apiUrl: string, run: Run): Schemas["workflow-run"] {
  const repository = repositoryUrl(apiUrl, run.repository);
  const url = `${repository}/actions/runs/${run.id}`;
  const attempt = newest(run).number;
  const actor = userPayload(apiUrl, run.actor);
  return {
    id: run.id,
    name: "sweep",
    node_id: nodeId("WorkflowRun", run.id),
    head_branch: run.headBranch,
    head_sha: run.headSha,
    path: run.workflow,
    display_title: "sweep",
    run_number: run.number,
    run_attempt: attempt,
    event: run.event,
    status: run.status,
    conclusion: run.conclusion,
    workflow_id: 1,
    url,
    html_url: `https://github.com/${fullName(run.repository)}/actions/runs/${run.id}`,
    pull_requests: [],
    created_at: seconds(run.createdAt),
    updated_at: seconds(run.createdAt),
    run_started_at: seconds(run.createdAt),
    actor,
    triggering_actor: actor,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${repository}/check-suites/1`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    previous_attempt_url: attempt > 1 ? `${url}/attempts/${attempt - 1}` : null,
    workflow_url: `${repository}/actions/workflows/1`,
    head_commit: {
      id: run.headSha,
      tree_id: run.headSha,
      message: "a commit",
      timestamp: seconds(run.createdAt),
      author: { name: run.actor, email: `${run.actor}@users.noreply.github.com` },
      committer: { name: "GitHub", email: "noreply@github.com" },
    },
    repository: minimalRepository(apiUrl, run.repository),
    head_repository: minimalRepository(apiUrl, run.headRepository),
  };
}

export function runnerPayload({ id, name, labels, session, job }: Runner): Schemas["runner"] {
  return {
    id,
    runner_group_id: 1,
    name,
    os: session === null ? "unknown" : "Linux",
    status: session === null ? "offline" : "online",
    busy: job !== null,
    ephemeral: true,
    labels: labels.map((label, i) => ({ id: i + 1, name: label, type: "custom" as const })),
  };
}

export function jobPayload(apiUrl: string, run: Run, job: Job): Schemas["job"] {
  const repository = repositoryUrl(apiUrl, run.repository);
  return {
    id: job.id,
    run_id: run.id,
    run_url: `${repository}/actions/runs/${run.id}`,
    run_attempt: job.attempt,
    node_id: nodeId("CheckRun", job.id),
    head_sha: run.headSha,
    head_branch: run.headBranch,
    url: `${repository}/actions/jobs/${job.id}`,
    html_url: `https://github.com/${fullName(run.repository)}/actions/runs/${run.id}/job/${job.id}`,
    status: job.conclusion === null ? "in_progress" : "completed",
    conclusion: job.conclusion,
    created_at: seconds(job.startedAt),
    started_at: seconds(job.startedAt),
    completed_at: job.conclusion === null ? null : seconds(job.startedAt),
    name: job.name,
    steps: [],
    check_run_url: `${repository}/check-runs/${job.id}`,
    labels: ["ubuntu-24.04"],
    runner_id: 1,
    runner_name: "GitHub Actions 1",
    runner_group_id: 0,
    runner_group_name: "GitHub Actions",
    workflow_name: "sweep",
  };
}

export function repositoryPayload(
  apiUrl: string,
  repository: Repository,
): Schemas["full-repository"] {
  const html = `https://github.com/${fullName(repository)}`;
  const then = "2026-01-01T00:00:00Z";
  return {
    ...minimalRepository(apiUrl, repository),
    ...{
      git_url: `git:${html.slice(6)}.git`,
      ssh_url: `git@github.com:${fullName(repository)}.git`,
    },
    ...{
      clone_url: `${html}.git`,
      svn_url: html,
      mirror_url: null,
      homepage: null,
      language: null,
    },
    ...{ forks_count: 0, stargazers_count: 0, watchers_count: 0, open_issues_count: 0, size: 1 },
    ...{ forks: 0, open_issues: 0, watchers: 0, subscribers_count: 0, network_count: 0 },
    ...{ has_issues: true, has_projects: false, has_wiki: false, has_pages: false },
    ...{ has_discussions: false, archived: false, disabled: false, license: null },
    ...{ pushed_at: then, created_at: then, updated_at: then },
    default_branch: repository.defaultBranch,
  };
}

function minimalRepository(apiUrl: string, repository: Repository) {
  const url = repositoryUrl(apiUrl, repository);
  const link = (path: string) => `${url}/${path}`;
  return {
    id: repository.id,
    node_id: nodeId("Repository", repository.id),
    name: repository.name,
    full_name: fullName(repository),
    owner: userPayload(apiUrl, repository.owner),
    private: repository.private,
    html_url: `https://github.com/${fullName(repository)}`,
    description: null,
    fork: repository.fork,
    url,
    archive_url: link("{archive_format}{/ref}"),
    assignees_url: link("assignees{/user}"),
    blobs_url: link("git/blobs{/sha}"),
    branches_url: link("branches{/branch}"),
    collaborators_url: link("collaborators{/collaborator}"),
    comments_url: link("comments{/number}"),
    commits_url: link("commits{/sha}"),
    compare_url: link("compare/{base}...{head}"),
    contents_url: link("contents/{+path}"),
    contributors_url: link("contributors"),
    deployments_url: link("deployments"),
    downloads_url: link("downloads"),
    events_url: link("events"),
    forks_url: link("forks"),
    git_commits_url: link("git/commits{/sha}"),
    git_refs_url: link("git/refs{/sha}"),
    git_tags_url: link("git/tags{/sha}"),
    hooks_url: link("hooks"),
    issue_comment_url: link("issues/comments{/number}"),
    issue_events_url: link("issues/events{/number}"),
    issues_url: link("issues{/number}"),
    keys_url: link("keys{/key_id}"),
    labels_url: link("labels{/name}"),
    languages_url: link("languages"),
    merges_url: link("merges"),
    milestones_url: link("milestones{/number}"),
    notifications_url: link("notifications{?since,all,participating}"),
    pulls_url: link("pulls{/number}"),
    releases_url: link("releases{/id}"),
    stargazers_url: link("stargazers"),
    statuses_url: link("statuses/{sha}"),
    subscribers_url: link("subscribers"),
    subscription_url: link("subscription"),
    tags_url: link("tags"),
    teams_url: link("teams"),
    trees_url: link("git/trees{/sha}"),
  } satisfies Schemas["minimal-repository"];
}

function userPayload(apiUrl: string, login: string): Schemas["simple-user"] {
  const url = `${apiUrl}/users/${login}`;
  return {
    login,
    id: 1,
    node_id: nodeId("User", 1),
    avatar_url: "https://avatars.githubusercontent.com/u/1",
    gravatar_id: "",
    url,
    html_url: `https://github.com/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type: "User",
    site_admin: false,
  };
}

export function fullName(repository: Repository): string {
  return `${repository.owner}/${repository.name}`;
}

function repositoryUrl(apiUrl: string, repository: Repository): string {
  return `${apiUrl}/repos/${fullName(repository)}`;
}

function nodeId(kind: string, id: number): string {
  return Buffer.from(`0:${kind}${id}`).toString("base64");
}

/** REST times have no fractions of a second. */
function seconds(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}
