import { testRule } from "../../src/lint/rule-tester.ts";
import { device } from "./device.ts";

testRule(device);
