import { testRule } from "../../src/lint/rule-tester.ts";
import { aliasEagerAbort } from "./alias-eager-abort.ts";

testRule(aliasEagerAbort);
