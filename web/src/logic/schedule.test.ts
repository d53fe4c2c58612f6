import { describe, expect, it } from "vitest";
import { bodyOf, draftOf, emptyDraft, missingIn, type ScheduleBody } from "./schedule";

const nightly: ScheduleBody = { name: "nightly", pipeline: "people", cron: "0 2 * * *", zone: "Europe/Berlin", at: null, source: "blob:inbox/", enabled: false };

describe("a schedule", () => {
  it("is sent back as it came where nothing was changed", () => {
    expect(bodyOf(draftOf(nightly, "UTC"))).toEqual(nightly);
    const once: ScheduleBody = { name: "once", pipeline: "people", cron: null, zone: null, at: "2030-03-31T01:30:00.000Z", source: "blob:inbox/people.csv", enabled: true };
    expect(bodyOf(draftOf(once, "UTC"))).toEqual(once);
    const exactly = { ...once, at: "2030-03-31T01:30:07.000Z" };
    expect(bodyOf(draftOf(exactly, "UTC"))).toEqual(exactly);
  });
  it("has a clock or a time, never both", () => {
    const both = { ...draftOf(nightly, "UTC"), at: "2030-01-01T06:00" };
    expect(bodyOf(both).at).toBeNull();
    expect(bodyOf({ ...both, kind: "once" })).toMatchObject({ cron: null, zone: null, at: new Date("2030-01-01T06:00").toISOString() });
  });
  it("says what is missing", () => {
    const empty = emptyDraft("", "UTC");
    expect(missingIn(empty)).toMatch(/pipeline/);
    expect(missingIn({ ...empty, pipeline: "people", place: " " })).toMatch(/file or folder/);
    expect(missingIn({ ...empty, pipeline: "people", kind: "once" })).toMatch(/when/);
    expect(missingIn({ ...empty, pipeline: "people" })).toBeNull();
  });
});
