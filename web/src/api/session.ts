// The API key of whoever uses the page. Kept by the browser: for this tab, or until they sign out.
const NAME = "sluice.key";

export type Keep = "tab" | "browser";

const storages = (): Storage[] => [window.sessionStorage, window.localStorage];

export function currentKey(): string | null {
  for (const storage of storages()) {
    const key = storage.getItem(NAME);
    if (key !== null) return key;
  }
  return null;
}

export function keepKey(key: string, keep: Keep): void {
  forgetKey();
  (keep === "tab" ? window.sessionStorage : window.localStorage).setItem(NAME, key);
}

export function forgetKey(): void {
  for (const storage of storages()) storage.removeItem(NAME);
}

export function authorization(): Record<string, string> {
  const key = currentKey();
  return key === null ? {} : { Authorization: `Bearer ${key}` };
}
