import { testRule } from "../../src/lint/rule-tester.ts";
import { updateDuplicate } from "./update-duplicate.ts";

testRule(updateDuplicate);
