import { testRule } from "../../src/lint/rule-tester.ts";
import { initialState } from "./initial-state.ts";

testRule(initialState);
