import { h, render } from 'preact';
import '../staff/style.css';
import './style.css';
import { DoorApp } from './app';

render(h(DoorApp, null), document.getElementById('app')!);
