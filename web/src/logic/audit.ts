// Entries of the audit log in words.
const ACTIONS: Record<string, string> = {
  "aggregate.export": "exported an aggregate",
  "aggregate.rebuild": "had an aggregate counted anew",
  "job.cancel": "cancelled a job",
  "job.delete": "deleted a job",
  "job.retry": "let a job go on",
  "key.create": "made a key",
  "key.revoke": "revoked a key",
  "pipeline.delete": "deleted a pipeline",
  "pipeline.put": "wrote a pipeline",
  "queue.pause": "paused the queue",
  "queue.replay": "replayed dead letters",
  "queue.resume": "resumed the queue",
  "report.download": "downloaded rejected rows",
  "rows.export": "exported stored rows",
  "schedule.change": "changed a schedule",
  "schedule.create": "made a schedule",
  "schedule.delete": "deleted a schedule",
  "state.create": "made a state",
  "state.delete": "deleted a state",
  "state.put": "set a state",
};

export const KNOWN_ACTIONS: readonly string[] = Object.keys(ACTIONS);
export const actionText = (action: string): string => ACTIONS[action] ?? action;

// "key:ID" by the name of its key, where it is known; what is no key says itself who it is.
export function actorText(actor: string, keys: readonly { id: string; name: string }[]): string {
  if (actor === "anonymous") return "somebody without a key";
  if (!actor.startsWith("key:")) return actor;
  return keys.find(({ id }) => id === actor.slice("key:".length))?.name ?? actor;
}

// What else is worth knowing: "format: csv, rows: true". Text stands as it is, and nothing that is empty.
export function detailText(detail: object): string {
  return Object.entries(detail as Record<string, unknown>)
    .filter(([name, value]) => name !== "etag" && value !== null && value !== false && value !== "")
    .map(([name, value]) => `${name}: ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}
