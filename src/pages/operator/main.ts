import { h, render } from 'preact';
import '../staff/style.css';
import './style.css';
import { OperatorApp } from './app';

render(h(OperatorApp, null), document.getElementById('app')!);
