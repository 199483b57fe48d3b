import "./style.css";
export {};
