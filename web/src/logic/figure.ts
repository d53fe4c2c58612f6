// Figures of the sender's data, which may be larger or finer than a double: every digit is shown.
const numbers = new Intl.NumberFormat(undefined, { maximumFractionDigits: 20 });
const whole = new Intl.NumberFormat();
const point = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1 }).formatToParts(0.5).find(({ type }) => type === "decimal")?.value ?? ".";

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

// A number, a decimal as text, or what is no figure at all: as it is.
export function figure(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "number") return numbers.format(value);
  const parts = typeof value === "string" ? DECIMAL.exec(value) : null;
  if (parts === null) return String(value);
  const [, sign = "", digits = "0", fraction] = parts;
  return `${sign}${whole.format(BigInt(digits))}${fraction === undefined ? "" : point + fraction}`;
}

// For the length of a bar, where its last digits do not matter; null: it is no number.
export function size(value: unknown): number | null {
  const number = typeof value === "number" ? value : typeof value === "string" && DECIMAL.test(value) ? Number(value) : Number.NaN;
  return Number.isFinite(number) ? number : null;
}

// From 0 to 1 each, of the largest there is.
export function lengths(sizes: readonly (number | null)[]): number[] {
  const largest = Math.max(0, ...sizes.map((one) => Math.abs(one ?? 0)));
  return sizes.map((one) => (largest === 0 ? 0 : Math.abs(one ?? 0) / largest));
}
