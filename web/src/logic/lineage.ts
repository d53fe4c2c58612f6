// What a job comes of: a file that was sent, the corrections of another job, or an archive that its file lay in.
import type { Job } from "../api/client";

export const isArchive = (job: Pick<Job, "members">): boolean => job.members !== null;

// The job of the archive is its parent.
export const isMember = (job: Pick<Job, "links">): boolean => "archive" in job.links;

export const isResubmission = (job: Pick<Job, "parentJobId" | "links">): boolean => job.parentJobId !== null && !isMember(job);
