import { describe, expect, test } from "vitest";
import { statement } from "../src/db/statement.ts";

describe("a prepared statement", () => {
  test("uses one number per parameter, wherever its name appears", () => {
    const find = statement<never, { id: string; days: number }>(
      "test-find",
      { id: "text", days: "int" },
      "select :id where :days > 1 or :id is null",
    );
    expect(find.query({ days: 2, id: "a" })).toEqual({
      name: "test-find",
      text: "select $1::text where $2::int > 1 or $1::text is null",
      values: ["a", 2],
    });
  });

  test("leaves casts, literals, quoted names and comments alone", () => {
    const text = `select now()::text, ':id it''s', "a:id" -- don't take :id`;
    expect(statement("test-plain", {}, text).query({}).text).toBe(text);
  });

  test("can't be defined with a parameter whose type isn't declared", () => {
    expect(() => statement("test-unknown", {}, "select :id")).toThrow(
      "The statement test-unknown has no parameter id: declare its type.",
    );
  });

  test("can't be defined with a parameter that its text doesn't use", () => {
    expect(() => statement<never, { id: string }>("test-unused", { id: "text" }, "select 1")).toThrow(
      "The statement test-unused doesn't use id: remove the declaration.",
    );
  });

  test("can't be defined with a numbered parameter", () => {
    expect(() => statement("test-numbered", {}, "select $1")).toThrow(
      "The statement test-numbered has $1: name the parameter.",
    );
  });
});
