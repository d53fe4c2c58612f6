import { describe, expect, it } from "vitest";
import { figure, lengths, size } from "./figure";

// Whatever separators this machine has.
const digits = (text: string) => text.replaceAll(/[^0-9-]/g, "");

describe("a figure", () => {
  it("has every digit of a number that no double holds", () => {
    expect(digits(figure("12345678901234567890.55"))).toBe("1234567890123456789055");
    expect(digits(figure("-9007199254740993"))).toBe("-9007199254740993");
    expect(digits(figure("0.1234567890123456789"))).toBe("01234567890123456789");
  });
  it("has the digits of a number", () => expect(digits(figure(1234567.25))).toBe("123456725"));
  it("is what it is where it is no number", () => {
    expect(figure("2024-06-01")).toBe("2024-06-01");
    expect(figure("007x")).toBe("007x");
    expect(figure(true)).toBe("true");
    expect(figure(null)).toBe("–");
  });
});

describe("bars", () => {
  it("know how large a figure is", () => expect([5, "12.5", "-3", "2024-06-01", null, true].map(size)).toEqual([5, 12.5, -3, null, null, null]));
  it("are as long as their share of the largest, whichever side of zero", () => expect(lengths([10, -20, null, 5])).toEqual([0.5, 1, 0, 0.25]));
  it("are none where everything is nothing", () => expect(lengths([0, null])).toEqual([0, 0]));
});
