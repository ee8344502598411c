import { testRule } from "../../src/lint/rule-tester.ts";
import { updateSchema } from "./update-schema.ts";

testRule(updateSchema);
