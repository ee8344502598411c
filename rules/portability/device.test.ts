import { testRule } from "../../src/lint/rule-tester.ts";
import { bakedDevice } from "./device.ts";

testRule(bakedDevice);
