import { expect, test } from "vitest";
import { withNew } from "./live";
import { fileNameIn, type JobEvent } from "./client";
import { mayPass, NO_ANSWER, problemOf } from "./problem";

const body = { type: "/problems/not-found", title: "There is no such thing", status: 404, detail: "There is no job 7.", requestId: "r" };

test("the server's sentence is shown as it is", () => {
  expect(problemOf(body, 404).message).toBe("There is no job 7.");
  expect(problemOf(JSON.stringify(body), 404).title).toBe("There is no such thing");
});

test("what stands in between says no sentence", () => {
  expect(problemOf("<html>Bad gateway</html>", 502).message).toContain("502");
  expect(problemOf(undefined, NO_ANSWER).title).toBe("The server does not answer");
});

test("only what may pass is asked again", () => {
  expect([NO_ANSWER, 429, 502, 503].map((status) => mayPass(problemOf(null, status)))).toEqual([true, true, true, true]);
  expect([400, 401, 404, 409, 500].some((status) => mayPass(problemOf(null, status)))).toBe(false);
  expect(mayPass(new Error("of the page's own"))).toBe(false);
});

test("a file's name is taken from the header, in any script", () => {
  expect(fileNameIn("attachment; filename=\"K_ln.csv\"; filename*=UTF-8''K%C3%B6ln.csv")).toBe("Köln.csv");
  expect(fileNameIn('attachment; filename="a.csv"')).toBe("a.csv");
  expect(fileNameIn(null)).toBeUndefined();
});

test("events that come twice are known already", () => {
  const event = (sequence: string) => ({ sequence }) as JobEvent;
  const known = [event("9"), event("10")];
  expect(withNew(known, [event("10"), event("11")]).map(({ sequence }) => sequence)).toEqual(["9", "10", "11"]);
  expect(withNew([], [event("1")])).toHaveLength(1);
});
