import { testRule } from "../../src/lint/rule-tester.ts";
import { aliasSchema } from "./alias-schema.ts";

testRule(aliasSchema);
