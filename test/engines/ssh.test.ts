import { describe, expect, test } from "vitest";
import { explainSsh, parseSshAddress, sshArguments, sshCommand } from "../../src/engines/ssh.ts";

const target = (host: string, user: string | null = null, port: number | null = null) => ({
  user,
  host,
  port,
});

describe("an SSH address", () => {
  test.each([
    ["ssh://host", target("host"), null],
    ["ssh://me@host", target("host", "me"), null],
    ["ssh://me@host:2222", target("host", "me", 2222), null],
    ["ssh://host/", target("host"), null],
    ["ssh://host/run/user/1000/docker.sock", target("host"), "/run/user/1000/docker.sock"],
    ["ssh://me@192.0.2.7", target("192.0.2.7", "me"), null],
    ["ssh://me@[2001:db8::1]:22", target("2001:db8::1", "me", 22), null],
    ["ssh://sim-pipeline-a1b2-0", target("sim-pipeline-a1b2-0"), null],
    ["ssh://first.last@host", target("host", "first.last"), null],
    ["ssh://me%40corp@host", target("host", "me@corp"), null],
  ])("%s", (url, expected, path) => {
    expect(parseSshAddress(url, "DOCKER_HOST")).toEqual({ target: expected, path });
  });

  test.each([
    ["ssh://", /no ssh:\/\/ address|no host/],
    ["ssh:///path", /no host/],
    ["tcp://host", /no ssh:\/\/ address/],
    ["ssh://me:secret@host", /password has no place/],
    ["ssh://host?x=1", /mean nothing/],
    ["ssh://host:0", /no port 0/],
    ["ssh://-oProxyCommand=evil", /no name of a host/],
    ["ssh://-oProxyCommand=evil@host", /no name of a user/],
    ["ssh://%2DoProxyCommand=evil", /no name of a host/],
    ["ssh://a%20b", /no name of a host|no ssh:\/\/ address/],
    ["ssh://$(evil)@host", /no name of a user/],
    ["ssh://me%0aevil@host", /no name of a user/],
    ["ssh://me%zz@host", /begins no %XX/],
    ["ssh://host/a:b", /does not take literally/],
    ["ssh://host/a'b", /does not take literally/],
    ["ssh://host/%25h/docker.sock", /does not take literally/],
  ])("%s is refused before any ssh is started", (url, message) => {
    expect(() => parseSshAddress(url, "DOCKER_HOST")).toThrow(
      expect.objectContaining({ exitCode: 3, message: expect.stringMatching(message) }),
    );
  });

  test("a password in it is not repeated", () => {
    expect(() => parseSshAddress("ssh://me:secret@host", "DOCKER_HOST")).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("secret") }),
    );
  });
});

describe("ssh's arguments", () => {
  test("nothing is asked, and no unknown key accepted", () => {
    const words = sshArguments(target("host"), {}).join(" ");
    expect(words).toMatch(/-o BatchMode=yes -o StrictHostKeyChecking=yes/);
    expect(words).toMatch(/-o ServerAliveInterval=\d+ -o ServerAliveCountMax=\d+/);
  });

  test("the destination comes last, behind --, where it is no option", () => {
    expect(sshArguments(target("host", "me", 2222), {}).slice(-6)).toEqual([
      ...["-p", "2222", "-l", "me", "--", "host"],
    ]);
  });

  test("SIM_PIPELINE_SSH_CONFIG is the configuration, if it is set", () => {
    const env = { SIM_PIPELINE_SSH_CONFIG: "/state/ssh_config" };
    expect(sshArguments(target("host"), env).slice(0, 2)).toEqual(["-F", "/state/ssh_config"]);
    expect(sshArguments(target("host"), { SIM_PIPELINE_SSH_CONFIG: "" })[0]).toBe("-o");
    expect(sshCommand(target("host", "me", 22), env)).toBe(
      "ssh -F /state/ssh_config -p 22 me@host",
    );
  });
});

describe("why ssh ended, and what to do", () => {
  const cases: readonly [string, string, RegExp, boolean][] = [
    [
      "an unknown host key",
      "No ED25519 host key is known for host and you have requested strict checking.\nHost key verification failed.\n",
      /not known.*Connect once with `ssh -p 2222 me@host`, compare the fingerprint/s,
      true,
    ],
    [
      "a changed host key",
      "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nThe fingerprint is\nSHA256:abc.\nOffending ED25519 key in /k:3\nHost key verification failed.\n",
      /has changed \(it shows SHA256:abc\).*somebody else.*\(\/k:3\) with `ssh-keygen -R '\[host\]:2222'`/s,
      true,
    ],
    [
      "a key that is not accepted",
      "me@host: Permission denied (publickey).\n",
      /does not let us in: me@host: Permission denied \(publickey\)\. .*ssh-add/s,
      false,
    ],
    [
      "a key that others can read",
      "Permissions 0644 for 'id' are too open.\nbad permissions\nme@host: Permission denied (publickey).\n",
      /`chmod 600`/,
      false,
    ],
    [
      "a closed port",
      "ssh: connect to host host port 2222: Connection refused\n",
      /refuses connections on its SSH port.*ssh:\/\/user@host:port/s,
      false,
    ],
    [
      "no answer",
      "ssh: connect to host host port 2222: Connection timed out\n",
      /does not answer: .*firewall/s,
      false,
    ],
    ["a host that fell silent", "Timeout, server host not responding.\n", /does not answer/, false],
    ["no route", "ssh: connect to host host port 22: No route to host\n", /does not answer/, false],
    [
      "no such name",
      "ssh: Could not resolve hostname host: Name or service not known\n",
      /There is no host host/,
      false,
    ],
    [
      "a broken configuration",
      "/c: line 1: Bad configuration option: nonsense\n/c: terminating, 1 bad configuration options\n",
      /does not take its configuration/,
      true,
    ],
    [
      "no reason at all",
      "",
      /The SSH connection to me@host ended\. `ssh -p 2222 me@host true`/,
      false,
    ],
  ];
  test.each(cases)("%s", (_, said, message, lasting) => {
    const found = explainSsh(target("host", "me", 2222), {}, said, 255);
    expect(found.message).toMatch(message);
    expect(found.lasting).toBe(lasting);
  });

  test("no ssh program", () => {
    const found = explainSsh(target("host"), {}, "sim-pipeline-ssh: 5: ssh: not found\n", 127);
    expect(found).toEqual({ message: expect.stringMatching(/no `ssh` program/), lasting: true });
  });
});
