import { defineConfig } from "vitest/config";

/** The rules about the source itself, which need no database. */
export default defineConfig({ test: { include: ["test/architecture.test.ts"] } });
