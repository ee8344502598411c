import { testRule } from "../../src/lint/rule-tester.ts";
import { stickyPredicate } from "./sticky-predicate.ts";

testRule(stickyPredicate);
